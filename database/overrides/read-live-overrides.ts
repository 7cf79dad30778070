import type { ClientBase, Pool } from "pg";
import { textArray } from "../array-text.ts";
import type { LimitDefinition } from "../plans/catalogue.ts";
import { LIMIT_COLUMNS } from "../plans/limit-columns.ts";
import { query } from "../pool.ts";

/** An override that has not ended: in force from the one instant on, before the other. */
export interface LiveOverride extends LimitDefinition {
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
export async function readLiveOverrides(
  on: ClientBase | Pool,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, readonly LiveOverride[]>> {
  const { rows } = await query<LiveOverride>(on, {
    name: "read-live-overrides",
    text: `
      select tenant_id as "tenantId", ${LIMIT_COLUMNS},
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
