import type { ClientBase, Pool } from "pg";
import { readLevelStandings } from "#database/levels/read-level-standings";
import { readCrossings } from "#database/limits/read-crossings";
import { readRateWindows } from "#database/limits/read-rate-windows";
import { readRunningOverrides } from "#database/overrides/read-running-overrides";
import type { RunningOverride } from "#database/overrides/read-running-overrides";
import { readFirstExpiries } from "#database/reservations/read-first-expiries";
import { readUnpriced } from "#database/rollups/read-unpriced";
import type { Tenant } from "#database/tenants/read-tenants";
import { readStandings } from "#database/totals/read-standings";
import type { Standing } from "#database/totals/read-standings";
import type { RememberedLimits } from "./away/remembered-limits.ts";
import { effectiveLimits } from "./facts/effective-limits.ts";
import { GroupFacts } from "./facts/group-facts.ts";
import { needName, needsAt, samePeriods } from "./facts/needs.ts";
import type { AskedResource, Need } from "./facts/needs.ts";
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
  asked: readonly AskedResource[],
): Promise<GroupFacts> {
  const ofPlan = await limitsOfPlans(on, planLimits, asked);
  const tenantIds = [...ofPlan.keys()];
  const limitsAt = (overrides: Overrides, atMs: number) => {
    const limits = tenantIds.map(
      (id) => [id, effectiveLimits(ofPlan.get(id) ?? [], overrides.get(id) ?? [], atMs)] as const,
    );
    return new Map(limits);
  };
  let guess: Guess = { overrides: new Map(), atMs: Date.now() + databaseAheadMs };
  for (;;) {
    const guessed = limitsAt(guess.overrides, guess.atMs);
    const needs = needsAt(asked, guessed, guess.atMs);
    const { nowMs, overrides, ...read } = await readNeeds(on, tenantIds, [...needs.values()]);
    databaseAheadMs = nowMs - Date.now();
    const limits = limitsAt(overrides, nowMs);
    const isAsGuessed = ({ tenantId, calendar }: Tenant): boolean =>
      limits.get(tenantId) === guessed.get(tenantId) && samePeriods(calendar, guess.atMs, nowMs);
    const tenants = [...new Set(asked.map(({ tenant }) => tenant))];
    const hasAll = (): boolean => [...needsAt(asked, limits, nowMs).keys()].every((name) => needs.has(name));
    if (tenants.every(isAsGuessed) || hasAll()) {
      for (const { tenantId, planId } of tenants) {
        remembered.remember(tenantId, { plan: planId, limits: limits.get(tenantId) ?? [] });
      }
      return new GroupFacts({ nowMs, telemetryMarkMs: telemetryMarkMs(), limits, ...read });
    }
    guess = { overrides, atMs: nowMs };
  }
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
  const unknown = tenants.filter((tenant) => !facts.knowsFirstExpiry(tenant));
  const firstExpiryMs = await readFirstExpiries(
    on,
    unknown.map(({ tenantId }) => tenantId),
  );
  for (const tenant of unknown) facts.learnFirstExpiry(tenant, firstExpiryMs.get(tenant.tenantId) ?? null);
}

type Overrides = ReadonlyMap<string, readonly RunningOverride[]>;

interface Guess {
  readonly overrides: Overrides;
  readonly atMs: number;
}

async function limitsOfPlans(
  on: ClientBase | Pool,
  planLimits: PlanLimits,
  asked: readonly AskedResource[],
): Promise<Map<string, readonly Limit[]>> {
  const ofPlan = new Map<string, readonly Limit[]>();
  for (const { tenant } of asked) {
    if (ofPlan.has(tenant.tenantId)) continue;
    ofPlan.set(tenant.tenantId, await planLimits.of(on, tenant.planId, tenant.planVersion));
  }
  return ofPlan;
}

/** The statements share a flight. The clock is read by the last one, so nothing that was read is younger than it says. */
async function readNeeds(on: ClientBase | Pool, tenantIds: readonly string[], needs: readonly Need[]) {
  const totals = needs.filter((need) => need.kind === "total");
  const levels = needs.filter((need) => need.kind === "level");
  const unpricedKeys = needs.filter((need) => need.kind === "unpriced");
  const windowKeys = needs.filter((need) => need.kind === "window");
  const [overrides, windows, unpriced, crossings, levelStandings, { readAtMs, standings }] = await Promise.all([
    readRunningOverrides(on, tenantIds),
    readRateWindows(on, windowKeys),
    readUnpriced(on, unpricedKeys),
    readCrossings(
      on,
      needs.filter((need) => need.kind === "crossing"),
    ),
    readLevelStandings(on, levels),
    readStandings(on, totals),
  ]);
  const byName = new Map<string, Standing>();
  for (const [index, need] of totals.entries()) byName.set(needName(need), standings[index]!);
  for (const [index, need] of levels.entries()) {
    const { level, reserved } = levelStandings[index]!;
    byName.set(needName(need), { used: level, reserved });
  }
  const unpricedByName = new Map(unpricedKeys.map((need, index) => [needName(need), unpriced[index]!]));
  return { nowMs: readAtMs, unpriced: unpricedByName, overrides, windows, crossings, standings: byName };
}
