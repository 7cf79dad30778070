import type { ClientBase } from "pg";
import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { auditEventOfChange } from "../audit/administrative-change.ts";
import type { Actor, AdministrativeChange } from "../audit/administrative-change.ts";
import { appendAuditEvents } from "../audit/append-audit-events.ts";
import type { JsonValue } from "../audit/audit-event.ts";
import { readClock } from "../periods/read-clock.ts";
import { query } from "../pool.ts";
import { comparePlans } from "./compare-plans.ts";
import type { PlanChange, RankedPlan } from "./compare-plans.ts";
import { insertPlanVersion } from "./insert-plan-version.ts";
import type { PlanInForce } from "./read-plans-in-force.ts";

/** What a definition changes about a plan. */
export interface ChangedPlan {
  readonly planId: string;
  /** The version that is in force with it. */
  readonly version: number;
  /** The version that was in force without it; null = there was no such plan. */
  readonly oldVersion: number | null;
  /** Whether it is a version of its own. */
  readonly isNew: boolean;
  readonly changes: readonly PlanChange[];
}

/** What definitions would change, by plan. Pure. */
export function previewPlans(
  inForce: readonly PlanInForce[],
  definitions: ReadonlyMap<string, RankedPlan>,
): ChangedPlan[] {
  return [...definitions].map(([planId, next]) => {
    const current = inForce.find((plan) => plan.planId === planId) ?? null;
    const changes = comparePlans(current, next);
    const isNew = current === null || changes.length > 0;
    const oldVersion = current?.version ?? null;
    return { planId, version: (oldVersion ?? 0) + (isNew ? 1 : 0), oldVersion, isNew, changes };
  });
}

/** One change of plans at a time, over all processes: held until the transaction ends, taken before the plans are read. */
export async function lockPlans(client: ClientBase): Promise<void> {
  await query(client, {
    name: "lock-plans",
    text: "select pg_advisory_xact_lock(hashtextextended('quotel.apply_catalogue', 0))",
  });
}

/**
 * Puts definitions in force, each that differs as the next version of its plan, and records every change in the audit
 * trail of the same transaction. Needs the plans' lock, and `inForce` as read under it.
 */
export async function changePlans(
  client: ClientBase,
  inForce: readonly PlanInForce[],
  definitions: ReadonlyMap<string, RankedPlan>,
  actor: Actor,
): Promise<ChangedPlan[]> {
  const changed = previewPlans(inForce, definitions);
  const fresh = changed.filter(({ isNew }) => isNew);
  if (fresh.length === 0) return changed;
  for (const { planId, version } of fresh) {
    await insertPlanVersion(client, planId, version, definitions.get(planId)!, actor.id);
  }
  const nowMs = await readClock(client);
  const events = fresh.map((plan) => {
    const old = inForce.find(({ planId }) => planId === plan.planId) ?? null;
    return auditEventOfChange(changeOf(plan, old, definitions.get(plan.planId)!), actor, nowMs);
  });
  await appendAuditEvents(client, events);
  return changed;
}

function changeOf(
  { planId, version, oldVersion }: ChangedPlan,
  old: PlanInForce | null,
  next: RankedPlan,
): AdministrativeChange {
  return {
    tenantId: UNATTRIBUTED_TENANT,
    entityType: "plan",
    entityId: planId,
    action: old === null ? "created" : "changed",
    old: old === null ? null : recorded(old, old.version),
    new: recorded(next, version),
    summary: `plan ${planId}: ${oldVersion === null ? "version 1" : `version ${oldVersion} became ${version}`}`,
  };
}

function recorded({ rank, features, limits }: RankedPlan, version: number): JsonValue {
  return { version, rank, features, limits };
}
