import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import type { Period } from "#database/periods/period";
import { query } from "#database/pool";

export interface ResourceUsage {
  readonly resource: string;
  readonly amount: number;
}

/** What a tenant used of every resource on the days that begin within the period. */
export async function sumDailyUsage(
  pool: Pool,
  tenantId: string,
  { startMs, endMs }: Period,
): Promise<ResourceUsage[]> {
  const { rows } = await query<ResourceUsage>(pool, {
    name: "sum-daily-usage",
    text: `
      select resource, sum(amount)::bigint as amount
      from public.usage_daily
      where tenant_id = $1 and day_start >= $2 and day_start < $3
      group by resource
      order by resource`,
    values: [tenantId, instantOfMs(startMs), instantOfMs(endMs)],
  });
  return rows;
}
