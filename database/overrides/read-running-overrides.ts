import type { ClientBase, Pool } from "pg";
import { textArray } from "../array-text.ts";
import type { LimitDefinition } from "../plans/catalogue.ts";
import { LIMIT_COLUMNS } from "../plans/limit-columns.ts";
import { query } from "../pool.ts";

/** An exception from a tenant's plan that is not revoked and has not ended; it may begin later. */
export interface RunningOverride {
  readonly overrideId: string;
  readonly limit: LimitDefinition;
  readonly validFromMs: number;
  /** Null = until it is revoked. */
  readonly validUntilMs: number | null;
  /** Microseconds since the epoch: of those in force the one made last counts. */
  readonly madeAtMicros: number;
}

type Row = LimitDefinition & {
  tenantId: string;
  overrideId: string;
  validFromMs: number;
  validUntilMs: number | null;
  madeAtMicros: number;
};

/**
 * The overrides of tenants that are in force now or may be later, by tenant. Which of them hold is for whoever knows the
 * decision's instant, so one that begins or ends between this and the decision cannot be mistaken. In a transaction that
 * has the tenants' locks it is final: whoever makes or revokes one takes the same lock.
 */
export async function readRunningOverrides(
  on: ClientBase | Pool,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, readonly RunningOverride[]>> {
  const { rows } = await query<Row>(on, {
    name: "read-running-overrides",
    text: `
      select tenant_id as "tenantId", override_id as "overrideId",
        ${LIMIT_COLUMNS},
        (extract(epoch from valid_from) * 1000)::bigint as "validFromMs",
        (extract(epoch from valid_until) * 1000)::bigint as "validUntilMs",
        (extract(epoch from created_at) * 1000000)::bigint as "madeAtMicros"
      from quotel.limit_overrides
      where tenant_id = any ($1::text[]) and revoked_at is null
        and (valid_until is null or valid_until > clock_timestamp())`,
    values: [textArray(tenantIds)],
  });
  const overrides = new Map<string, RunningOverride[]>();
  for (const { tenantId, overrideId, validFromMs, validUntilMs, madeAtMicros, ...limit } of rows) {
    const ofTenant = overrides.get(tenantId) ?? [];
    ofTenant.push({ overrideId, limit, validFromMs, validUntilMs, madeAtMicros });
    overrides.set(tenantId, ofTenant);
  }
  return overrides;
}
