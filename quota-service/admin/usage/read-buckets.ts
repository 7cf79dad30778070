import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";
import type { UsageRange } from "./usage-query.ts";

/** One hour, day or month of a tenant. */
export interface UsageBucketRow {
  readonly bucketStart: Date;
  readonly apiCalls: number;
  readonly apiCallsSuccessful: number;
  readonly apiCallsFailed: number;
  readonly apiCallsRateLimited: number;
  readonly chatMessages: number;
  readonly embeddings: number;
  readonly totalTokens: number;
  readonly embeddingTokens: number;
  readonly costNanoUsd: number;
  readonly unpricedEvents: number;
  readonly latencyMsAvg: number | null;
  readonly latencyMsP95: number | null;
  readonly latencyMsP99: number | null;
  /** Input and output of model calls: what `partialTokens` and `estimatedTokens` are parts of. */
  readonly modelTokens: number;
  readonly partialTokens: number;
  readonly estimatedTokens: number;
  readonly eventsWithoutUsage: number;
}

/** A tenant's buckets that overlap the range, oldest first. Buckets without usage are left out. */
export async function readBuckets(
  pool: Pool,
  tenantId: string,
  { granularity, startMs, endMs }: UsageRange,
): Promise<UsageBucketRow[]> {
  const { rows } = await query<UsageBucketRow>(pool, {
    name: "read-buckets",
    text: `
      select
        bucket_start as "bucketStart", api_calls_total as "apiCalls", api_calls_successful as "apiCallsSuccessful",
        api_calls_failed as "apiCallsFailed", api_calls_rate_limited as "apiCallsRateLimited",
        chat_messages as "chatMessages", embeddings, total_tokens as "totalTokens",
        embedding_tokens as "embeddingTokens", cost_nano_usd as "costNanoUsd", unpriced_events as "unpricedEvents",
        latency_ms_avg as "latencyMsAvg", latency_ms_p95 as "latencyMsP95", latency_ms_p99 as "latencyMsP99",
        input_tokens + output_tokens as "modelTokens", partial_tokens as "partialTokens",
        estimated_tokens as "estimatedTokens", events_without_usage as "eventsWithoutUsage"
      from public.tenant_usage_metrics
      where tenant_id = $1 and granularity = $2
        and bucket_start > $3::timestamptz - $5::interval and bucket_start < $4
      order by bucket_start`,
    values: [tenantId, granularity, instantOfMs(startMs), instantOfMs(endMs), LENGTHS[granularity]],
  });
  return rows;
}

/** How long before a range a bucket may begin and still reach into it. */
export const LENGTHS = { hourly: "1 hour", daily: "1 day", monthly: "1 month" } as const;
