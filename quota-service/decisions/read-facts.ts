import type { ClientBase, Pool } from "pg";
import { readRunningOverrides } from "#database/overrides/read-running-overrides";
import type { RunningOverride } from "#database/overrides/read-running-overrides";
import { readFirstExpiries } from "#database/reservations/read-first-expiries";
import type { Tenant } from "#database/tenants/read-tenants";
import { effectiveLimits } from "./facts/effective-limits.ts";
import { GroupFacts } from "./facts/group-facts.ts";
import { readNeeds } from "./facts/read-needs.ts";
import type { RememberedTenants } from "./facts/remembered-tenants.ts";
import { TenantFacts } from "./facts/tenant-facts.ts";
import { needsHold, covers, tenantNeeds } from "./facts/tenant-needs.ts";
import type { TenantNeeds } from "./facts/tenant-needs.ts";
import type { PlanLimits } from "./limit.ts";

/** What is known without asking the database each time. */
export interface DecisionSources {
  readonly planLimits: PlanLimits;
  readonly remembered: RememberedTenants;
  /** Unix milliseconds; null = no producer has reported lately. */
  readonly telemetryMarkMs: () => number | null;
}

/** The resources that are asked for, by tenant. */
export type Asked = ReadonlyMap<string, ReadonlySet<string>>;
type NeedsByTenant = ReadonlyMap<string, TenantNeeds>;
type OverridesByTenant = ReadonlyMap<string, readonly RunningOverride[]>;

/** How far the database's clock is ahead of ours, as last seen. Only a guess to look up the right periods at once. */
let databaseAheadMs = 0;

/**
 * Reads everything a group of decisions depends on, and the database's clock. What to look up depends on that clock, on
 * the tenants' plans and calendars and on their overrides, which are known only afterwards: all of it is guessed from the
 * last time, so that one flight brings everything, and where a guess was wrong it is read again. The decisions are made by
 * what holds at the instant read, whatever was guessed.
 *
 * @param reading the tenants: a statement that has been sent on the same connection, so everything else is read after it
 * @returns facts of the tenants there are among those that are asked about
 */
export async function readFacts(
  on: ClientBase | Pool,
  sources: DecisionSources,
  asked: Asked,
  reading: Promise<ReadonlyMap<string, Tenant>>,
): Promise<GroupFacts> {
  const { remembered } = sources;
  let guessed = guessedNeeds(remembered, asked);
  for (;;) {
    // The statements share a flight. The clock is read by the last one, so nothing that was read is younger than it says.
    const [tenants, overrides, { nowMs, tenants: read }] = await Promise.all([
      reading,
      readRunningOverrides(on, [...asked.keys()]),
      readNeeds(on, [...guessed.values()]),
    ]);
    databaseAheadMs = nowMs - Date.now();
    const needs = await needsOf(on, sources, asked, tenants, overrides, nowMs, guessed);
    if (isCovered(needs, guessed)) {
      const facts = Array.from(needs, ([tenantId, { limits, periods }]) => {
        remembered.remember({ tenant: tenants.get(tenantId)!, limits });
        return [tenantId, new TenantFacts({ nowMs, limits, periods, ...read.get(tenantId)! })] as const;
      });
      return new GroupFacts(nowMs, sources.telemetryMarkMs(), new Map(facts));
    }
    guessed = needs;
  }
}

function guessedNeeds(remembered: RememberedTenants, asked: Asked): NeedsByTenant {
  const atMs = Date.now() + databaseAheadMs;
  const needs = new Map<string, TenantNeeds>();
  for (const [tenantId, resources] of asked) {
    const last = remembered.recall(tenantId);
    if (last !== null) needs.set(tenantId, tenantNeeds(last.tenant, resources, last.limits, atMs));
  }
  return needs;
}

async function needsOf(
  on: ClientBase | Pool,
  { planLimits }: DecisionSources,
  asked: Asked,
  tenants: ReadonlyMap<string, Tenant>,
  overrides: OverridesByTenant,
  atMs: number,
  guessed: NeedsByTenant,
): Promise<NeedsByTenant> {
  const needs = new Map<string, TenantNeeds>();
  for (const [tenantId, resources] of asked) {
    const tenant = tenants.get(tenantId);
    if (tenant === undefined) continue;
    const ofPlan = planLimits.known(tenant) ?? (await planLimits.read(on, tenant));
    const limits = effectiveLimits(ofPlan, overrides.get(tenantId) ?? [], atMs);
    const guess = guessed.get(tenantId);
    const isRight = guess !== undefined && needsHold(guess, tenant, limits, atMs);
    needs.set(tenantId, isRight ? guess : tenantNeeds(tenant, resources, limits, atMs));
  }
  return needs;
}

function isCovered(needs: NeedsByTenant, guessed: NeedsByTenant): boolean {
  return [...needs].every(([tenantId, it]) => {
    const guess = guessed.get(tenantId);
    return guess === it || (guess !== undefined && covers(guess, it));
  });
}

/** What requests ask for, by tenant. */
export function askedBy(
  requests: Iterable<{ readonly tenantId: string; readonly items: readonly { readonly resource: string }[] }>,
): Asked {
  const byTenant = new Map<string, Set<string>>();
  for (const { tenantId, items } of requests) {
    let resources = byTenant.get(tenantId);
    if (resources === undefined) byTenant.set(tenantId, (resources = new Set()));
    for (const { resource } of items) resources.add(resource);
  }
  return byTenant;
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
