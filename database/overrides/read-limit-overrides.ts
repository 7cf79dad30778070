import type { ClientBase, Pool } from "pg";
import { textArray } from "../array-text.ts";
import type { LimitDefinition } from "../plans/catalogue.ts";
import { query } from "../pool.ts";

/** An exception from a tenant's plan, and when it is in force: from the one instant on, before the other. */
export interface LimitOverride extends LimitDefinition {
  readonly tenantId: string;
  /** Unix milliseconds. */
  readonly fromMs: number;
  /** Infinity = until it is revoked. */
  readonly untilMs: number;
}

/**
 * The overrides of tenants that are in force or will be, by tenant, the one made last first. Which of them are in force
 * is for the caller to say, by the instant of its decision. Whoever holds a tenant's lock and reads them in a later
 * statement sees all there are: an override is made and revoked under that lock.
 */
export async function readLimitOverrides(
  on: ClientBase | Pool,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, readonly LimitOverride[]>> {
  const { rows } = await query<LimitOverride>(on, {
    name: "read-limit-overrides",
    text: `
      select tenant_id as "tenantId", resource, period, amount, enforcement, warn_at::double precision as "warnAt",
        grace_fraction::double precision as "graceFraction", grace_seconds as "graceSeconds", burst,
        on_unavailable as "onUnavailable", on_unpriced as "onUnpriced",
        (extract(epoch from valid_from) * 1000)::double precision as "fromMs",
        (extract(epoch from coalesce(valid_until, 'infinity')) * 1000)::double precision as "untilMs"
      from quotel.limit_overrides
      where tenant_id = any ($1::text[]) and revoked_at is null
        and (valid_until is null or valid_until > now() - interval '1 minute')
      order by tenant_id, created_at desc, override_id desc`,
    values: [textArray(tenantIds)],
  });
  return Map.groupBy(rows, (row) => row.tenantId);
}
