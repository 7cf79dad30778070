import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";
import { LENGTHS } from "./read-buckets.ts";
import type { UsageRange } from "./usage-query.ts";

export interface TotalsRow {
  /** With any usage; usage without a tenant is in the sums, but nobody's. */
  readonly tenants: number;
  readonly apiCalls: number;
  readonly tokens: number;
  readonly costNanoUsd: number;
  readonly latencyMsAvg: number | null;
}

/** The usage of everyone in the buckets that overlap the range. The mean latency is that of all calls, not of tenants. */
export async function readTotals(pool: Pool, { granularity, startMs, endMs }: UsageRange): Promise<TotalsRow> {
  const { rows } = await query<TotalsRow>(pool, {
    name: "read-totals",
    text: `
      select
        count(distinct tenant_id) filter (where tenant_id <> $5) as tenants,
        coalesce(sum(api_calls_total), 0)::bigint as "apiCalls",
        coalesce(sum(total_tokens), 0)::bigint as tokens,
        coalesce(sum(cost_nano_usd), 0)::bigint as "costNanoUsd",
        sum(latency_ms_avg * api_calls_total) / nullif(sum(api_calls_total), 0)::double precision as "latencyMsAvg"
      from public.tenant_usage_metrics
      where granularity = $1 and bucket_start > $2::timestamptz - $4::interval and bucket_start < $3`,
    values: [granularity, instantOfMs(startMs), instantOfMs(endMs), LENGTHS[granularity], UNATTRIBUTED_TENANT],
  });
  // An aggregate without groups always has its one row.
  return rows[0]!;
}
