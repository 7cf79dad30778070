import type { LimitPeriod } from "@quotel/conventions";
import type { Pool } from "pg";
import { query } from "#database/pool";

/**
 * What a tenant has used and holds of a resource in every accounting period that holds now, and the level it holds; what
 * is missing is nothing. One statement, so the figures belong together.
 */
export async function readTaken(
  pool: Pool,
  tenantId: string,
  resource: string,
): Promise<ReadonlyMap<LimitPeriod, number>> {
  const { rows } = await query<{ period: LimitPeriod; taken: number }>(pool, {
    name: "read-taken",
    text: `
      select period, least(used + reserved, 9007199254740991)::bigint as taken
      from quotel.quota_totals
      where tenant_id = $1 and resource = $2 and period_start <= now() and period_end > now()
      union all
      (select 'level', least(value, 9007199254740991) from quotel.level_days
       where tenant_id = $1 and resource = $2 order by day_start desc limit 1)`,
    values: [tenantId, resource],
  });
  return new Map(rows.map(({ period, taken }) => [period, taken]));
}
