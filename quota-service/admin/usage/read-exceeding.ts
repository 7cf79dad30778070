import type { Pool } from "pg";
import { query } from "#database/pool";
import type { Metric } from "./usage-query.ts";

const ROWS_MAX = 100;

export interface ExceedingRow {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: string;
  readonly used: number;
  readonly limit: number;
}

/** Limits that usage has reached in their current period, the most exceeded first; null = of every resource. */
export async function readExceeding(pool: Pool, metric: Metric | null): Promise<ExceedingRow[]> {
  const { rows } = await query<ExceedingRow>(pool, {
    name: "read-exceeding",
    text: `
      select tenant_id as "tenantId", resource, period, least(used, 9007199254740991) as used, limit_amount as "limit"
      from public.quota_status
      where state = 'exceeded' and used > 0 and ($1::text is null or resource = $1)
      order by used - limit_amount desc, tenant_id, resource, period
      limit $2`,
    values: [metric, ROWS_MAX],
  });
  return rows;
}
