import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";
import { LENGTHS } from "./read-buckets.ts";
import type { Metric, UsageRange } from "./usage-query.ts";

const CONSUMERS_MAX = 10;

export interface ConsumerRow {
  readonly tenantId: string;
  readonly tokens: number;
  readonly apiCalls: number;
  readonly costNanoUsd: number;
}

/** The tenants that used most of a metric in the buckets that overlap the range, largest first. */
export async function readConsumers(
  pool: Pool,
  { granularity, startMs, endMs }: UsageRange,
  metric: Metric,
): Promise<ConsumerRow[]> {
  const { rows } = await query<ConsumerRow>(pool, {
    name: "read-consumers",
    text: `
      select
        tenant_id as "tenantId", sum(total_tokens)::bigint as tokens, sum(api_calls_total)::bigint as "apiCalls",
        sum(cost_nano_usd)::bigint as "costNanoUsd"
      from public.tenant_usage_metrics
      where granularity = $1 and bucket_start > $2::timestamptz - $4::interval and bucket_start < $3
      group by tenant_id
      order by
        sum(case $5
          when 'tokens' then total_tokens when 'api_calls' then api_calls_total when 'chat_messages' then chat_messages
          when 'embeddings' then embeddings else cost_nano_usd end) desc,
        tenant_id
      limit $6`,
    values: [granularity, instantOfMs(startMs), instantOfMs(endMs), LENGTHS[granularity], metric, CONSUMERS_MAX],
  });
  return rows;
}
