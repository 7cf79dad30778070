import type { ClientBase, Pool } from "pg";
import { readRunningOverrides } from "#database/overrides/read-running-overrides";
import type { RunningOverride } from "#database/overrides/read-running-overrides";
import { readFirstExpiries } from "#database/reservations/read-first-expiries";
import type { Tenant } from "#database/tenants/read-tenants";
import type { RememberedLimits } from "./away/remembered-limits.ts";
import { effectiveLimits } from "./facts/effective-limits.ts";
import { GroupFacts } from "./facts/group-facts.ts";
import { readNeeds } from "./facts/read-needs.ts";
import { TenantFacts } from "./facts/tenant-facts.ts";
import { covers, tenantNeeds } from "./facts/tenant-needs.ts";
import type { Asked, TenantNeeds } from "./facts/tenant-needs.ts";
import type { Limit, PlanLimits } from "./limit.ts";

/** What is known without asking the database each time. */
export interface DecisionSources {
  readonly planLimits: PlanLimits;
  readonly remembered: RememberedLimits;
  /** Unix milliseconds; null = no producer has reported lately. */
  readonly telemetryMarkMs: () => number | null;
}

/** How far the database's clock is ahead of ours, as last seen. Only a guess to look up the right periods at once. */
let databaseAheadMs = 0;

/**
 * Reads everything a group of decisions depends on, and the database's clock. What to look up depends on that clock and
 * on the overrides, which are known only afterwards: the periods and limits are guessed, and where the guess was wrong
 * everything is read again. The decisions are made by the limits that hold at the instant read, whatever the guess.
 */
export async function readFacts(
  on: ClientBase | Pool,
  { planLimits, remembered, telemetryMarkMs }: DecisionSources,
  asked: readonly Asked[],
): Promise<GroupFacts> {
  const ofPlan: (readonly Limit[])[] = [];
  for (const { tenant } of asked) ofPlan.push(await planLimits.of(on, tenant));
  const needsAt = (overrides: Overrides, atMs: number): TenantNeeds[] =>
    asked.map((it, index) => {
      const { tenantId } = it.tenant;
      return tenantNeeds(it, effectiveLimits(ofPlan[index]!, overrides.get(tenantId) ?? [], atMs), atMs);
    });
  let guessed = needsAt(new Map(), Date.now() + databaseAheadMs);
  for (;;) {
    // The statements share a flight. The clock is read by the last one, so nothing that was read is younger than it says.
    const [overrides, { nowMs, tenants: read }] = await Promise.all([
      readRunningOverrides(
        on,
        asked.map(({ tenant }) => tenant.tenantId),
      ),
      readNeeds(on, guessed),
    ]);
    databaseAheadMs = nowMs - Date.now();
    const needs = needsAt(overrides, nowMs);
    if (needs.every((it, index) => covers(guessed[index]!, it))) {
      const tenants = needs.map(({ tenant, limits, periods }, index) => {
        remembered.remember(tenant.tenantId, { plan: tenant.planId, limits });
        return [tenant.tenantId, new TenantFacts({ nowMs, limits, periods, ...read[index]! })] as const;
      });
      return new GroupFacts(nowMs, telemetryMarkMs(), new Map(tenants));
    }
    guessed = needs;
  }
}

/** What requests ask for, by tenant; each tenant once. */
export function askedBy(
  requests: Iterable<{ readonly tenant: Tenant; readonly items: readonly { readonly resource: string }[] }>,
): Asked[] {
  const byTenant = new Map<string, { readonly tenant: Tenant; readonly resources: Set<string> }>();
  for (const { tenant, items } of requests) {
    let asked = byTenant.get(tenant.tenantId);
    if (asked === undefined) byTenant.set(tenant.tenantId, (asked = { tenant, resources: new Set() }));
    for (const { resource } of items) asked.resources.add(resource);
  }
  return [...byTenant.values()];
}

/**
 * Learns when the first holds of tenants end. Only where holds are in the way of something does an answer say it, so it is
 * read when a verdict asks for it.
 */
export async function learnFirstExpiries(
  on: ClientBase | Pool,
  facts: GroupFacts,
  tenants: readonly Tenant[],
): Promise<void> {
  const unknown = tenants.filter((tenant) => !facts.of(tenant).knowsFirstExpiry);
  const firstExpiryMs = await readFirstExpiries(
    on,
    unknown.map(({ tenantId }) => tenantId),
  );
  for (const tenant of unknown) facts.of(tenant).learnFirstExpiry(firstExpiryMs.get(tenant.tenantId) ?? null);
}

type Overrides = ReadonlyMap<string, readonly RunningOverride[]>;
