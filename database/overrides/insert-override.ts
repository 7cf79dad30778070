import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { NewOverride } from "./limit-override.ts";

/**
 * Adds an override. It is the one made last, hence in force where its time has come: its caller holds
 * the tenant's lock, so a decision sees the limit as it was before or as it is with it.
 */
export async function insertOverride(
  client: ClientBase,
  { tenantId, overrideId, limit, validFromMs, validUntilMs, reason, actor }: NewOverride,
): Promise<void> {
  await query(client, {
    name: "insert-override",
    text: `
      insert into quotel.limit_overrides (
        tenant_id, override_id, resource, period, amount, enforcement, warn_at, grace_fraction, grace_seconds, burst,
        on_unavailable, on_unpriced, valid_from, valid_until, reason, actor)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
    values: [
      tenantId,
      overrideId,
      limit.resource,
      limit.period,
      limit.amount,
      limit.enforcement,
      limit.warnAt,
      limit.graceFraction,
      limit.graceSeconds,
      limit.burst,
      limit.onUnavailable,
      limit.onUnpriced,
      instantOfMs(validFromMs),
      validUntilMs === null ? null : instantOfMs(validUntilMs),
      reason,
      actor,
    ],
  });
}
