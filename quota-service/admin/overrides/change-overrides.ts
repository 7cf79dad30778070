import { randomUUIDv7 } from "node:crypto";
import type { ClientBase, Pool } from "pg";
import { auditEventOfChange } from "#database/audit/administrative-change";
import type { Actor, AdministrativeChange } from "#database/audit/administrative-change";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import { insertOverride } from "#database/overrides/insert-override";
import type { LimitOverride } from "#database/overrides/limit-override";
import { listOverrides } from "#database/overrides/list-overrides";
import { revokeOverride } from "#database/overrides/revoke-override";
import { readClock } from "#database/periods/read-clock";
import type { LimitDefinition } from "#database/plans/catalogue";
import { lockTenants } from "#database/tenants/read-tenants";
import { inTransaction } from "#database/transaction";
import { overrideRecorded } from "./override-on-wire.ts";

/** What is asked for; times in Unix milliseconds. */
export interface OverrideRequest {
  readonly tenantId: string;
  /** Chosen by the caller, so that a repetition makes no second one; undefined = a new one. */
  readonly overrideId?: string | undefined;
  readonly limit: LimitDefinition;
  /** Undefined, or an instant that is over = from now on: an override never reaches into the past. */
  readonly from?: number | undefined;
  /** Null = until it is revoked. */
  readonly until: number | null;
  readonly reason: string;
}

export type CreateOutcome =
  | { readonly kind: "created" | "repeated"; readonly override: LimitOverride }
  /** The id was used for another one. */
  | { readonly kind: "conflict" }
  | { readonly kind: "unknown_tenant" }
  /** It would end before it begins. */
  | { readonly kind: "over" };

/**
 * Makes an exception for a tenant, in one transaction with its audit event. Under the tenant's lock, as every decision
 * is: one sees the old limit or the new one, never a mixture.
 */
export async function createOverride(pool: Pool, request: OverrideRequest, actor: Actor): Promise<CreateOutcome> {
  const { tenantId, limit, until, reason } = request;
  return inTransaction(pool, async (client) => {
    if (!(await lockTenants(client, [tenantId], true)).has(tenantId)) return { kind: "unknown_tenant" };
    const [known, nowMs] = await Promise.all([listOverrides(client, tenantId), readClock(client)]);
    const made = known.find((it) => it.overrideId === request.overrideId);
    if (made !== undefined) return isSame(made, request) ? { kind: "repeated", override: made } : { kind: "conflict" };
    const validFromMs = Math.max(nowMs, request.from ?? nowMs);
    if (until !== null && until <= validFromMs) return { kind: "over" };
    const before = known.find((it) => governs(it, limit));
    const overrideId = request.overrideId ?? randomUUIDv7();
    const created = { tenantId, overrideId, limit, validFromMs, validUntilMs: until, reason, actor: actor.id };
    await insertOverride(client, created);
    const override = await find(client, tenantId, overrideId);
    await record(client, actor, nowMs, {
      ...entity(override!),
      action: "created",
      old: before === undefined ? null : overrideRecorded(before),
      new: overrideRecorded(override!),
      summary: `${limit.resource} per ${limit.period}: ${limit.amount ?? "unlimited"} (${reason})`,
    });
    return { kind: "created", override: override! };
  });
}

/** Ends an override, audited. False where the tenant has none of this id; true also where it was over already. */
export async function endOverride(
  pool: Pool,
  key: { readonly tenantId: string; readonly overrideId: string },
  actor: Actor,
): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await lockTenants(client, [key.tenantId], true);
    const before = await find(client, key.tenantId, key.overrideId);
    if (before === null) return false;
    if (!(await revokeOverride(client, key, actor.id))) return true;
    const nowMs = await readClock(client);
    const { resource, period } = before.limit;
    await record(client, actor, nowMs, {
      ...entity(before),
      action: "revoked",
      old: overrideRecorded(before),
      new: null,
      summary: `${resource} per ${period}: override revoked`,
    });
    return true;
  });
}

async function find(client: ClientBase, tenantId: string, overrideId: string): Promise<LimitOverride | null> {
  return (await listOverrides(client, tenantId)).find((it) => it.overrideId === overrideId) ?? null;
}

/** Whether a request asks for what was made; its beginning is left out, as one that was over became another. */
function isSame({ limit, validUntilMs, reason }: LimitOverride, request: OverrideRequest): boolean {
  const fields = Object.keys(limit) as (keyof LimitDefinition)[];
  return (
    fields.every((field) => limit[field] === request.limit[field]) &&
    validUntilMs === request.until &&
    reason === request.reason
  );
}

function governs({ state, limit }: LimitOverride, { resource, period }: LimitDefinition): boolean {
  return state === "in_force" && limit.resource === resource && limit.period === period;
}

function entity({
  tenantId,
  overrideId,
}: LimitOverride): Pick<AdministrativeChange, "tenantId" | "entityType" | "entityId"> {
  return { tenantId, entityType: "override", entityId: overrideId };
}

async function record(client: ClientBase, actor: Actor, nowMs: number, change: AdministrativeChange): Promise<void> {
  await appendAuditEvents(client, [auditEventOfChange(change, actor, nowMs)]);
}
