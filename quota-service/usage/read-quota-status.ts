import type { Enforcement, LimitPeriod } from "@quotel/conventions";
import type { Pool } from "pg";
import { query } from "#database/pool";

/** One limit of a tenant with its usage in the period that holds now. */
export interface LimitStatus {
  readonly resource: string;
  readonly period: LimitPeriod;
  readonly limit: number | null;
  readonly enforcement: Enforcement;
  readonly used: number;
  readonly reserved: number;
  /** Null where the limit is unlimited. */
  readonly percentUsed: number | null;
  /** Null too for a day or month in which nothing was used; `limitsOnWire` knows its end. */
  readonly resetsAt: Date | null;
  readonly state: "ok" | "warning" | "grace" | "exceeded";
  readonly source: "plan" | "default" | "override";
}

/**
 * Every limit that holds for a tenant, overrides in place of its plan's, by resource and period. A sum beyond 2^53-1, which
 * no JSON number has exactly, is shown as that, as decisions show it.
 */
export async function readQuotaStatus(pool: Pool, tenantId: string): Promise<LimitStatus[]> {
  const { rows } = await query<LimitStatus>(pool, {
    name: "read-quota-status",
    text: `
      select
        resource, period, limit_amount as "limit", enforcement, least(used, 9007199254740991) as used,
        least(reserved, 9007199254740991) as reserved, percent_used as "percentUsed", resets_at as "resetsAt", state, source
      from public.quota_status
      where tenant_id = $1
      order by resource, period`,
    values: [tenantId],
  });
  return rows;
}
