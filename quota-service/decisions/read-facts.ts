import type { ClientBase, Pool } from "pg";
import { readCrossings } from "#database/crossings/read-crossings";
import type { CrossingKey } from "#database/crossings/read-crossings";
import type { LiveOverride } from "#database/overrides/read-live-overrides";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import { readFirstExpiries } from "#database/reservations/read-first-expiries";
import type { Tenant } from "#database/tenants/read-tenants";
import { readStandings } from "#database/totals/read-standings";
import type { Standing, StandingKey } from "#database/totals/read-standings";
import type { QuotaPeriod } from "./decide.ts";
import { effectiveLimits, sameInForce } from "./effective-limits.ts";
import type { Limit, PlanLimits } from "./limit.ts";

/** What several decisions are made from: one snapshot, and the instant it was read. */
export interface FactsOfGroup {
  readonly nowMs: number;
  /** The instant to which all telemetry is complete; null = unknown. */
  readonly telemetryMarkMs: number | null;
  /** Those in force at `nowMs`. */
  readonly limitsOf: ReadonlyMap<string, readonly Limit[]>;
  readonly firstExpiryMs: ReadonlyMap<string, number>;
  /** Standings by tenant, resource and period; a group's earlier admissions are added to them as it is judged. */
  standing(tenantId: string, resource: string, period: QuotaPeriod): Standing & { resetsAtMs: number };
  hold(tenantId: string, resource: string, amount: number): void;
  /** When a limit was first exceeded in the period that holds, where it has a grace time; null = not yet. */
  crossedAtMs(tenantId: string, resource: string, period: QuotaPeriod): number | null;
  /** From now on it has been exceeded, at `nowMs`. */
  cross(tenantId: string, resource: string, period: QuotaPeriod): void;
  /** What has been exceeded for the first time. */
  crossings(): readonly CrossingKey[];
}

/** What is known without asking the database each time. */
export interface DecisionSources {
  readonly planLimits: PlanLimits;
  /** Unix milliseconds; null = no producer has reported lately. */
  readonly telemetryMarkMs: () => number | null;
}

export interface AskedResource {
  readonly tenant: Tenant;
  readonly resource: string;
}

const PERIODS: readonly QuotaPeriod[] = ["day", "month", "lifetime"];

/** How far the database's clock is ahead of ours, as last seen. Only a guess to look up the right periods at once. */
let databaseAheadMs = 0;

/** Overrides by tenant, the one made last first. */
export type Overrides = ReadonlyMap<string, readonly LiveOverride[]>;

/**
 * Reads limits, standings and the database's clock. The limits in force and the periods to look up depend on that clock,
 * which is known only afterwards: where it turns out that others held than guessed, the standings are read again.
 */
export async function readFacts(
  on: ClientBase | Pool,
  { planLimits, telemetryMarkMs }: DecisionSources,
  asked: readonly AskedResource[],
  overrides: Overrides,
): Promise<FactsOfGroup> {
  const tenants = new Map(asked.map(({ tenant }) => [tenant.tenantId, tenant]));
  const planLimitsOf = new Map<string, readonly Limit[]>();
  for (const { tenantId, planId, planVersion } of tenants.values()) {
    planLimitsOf.set(tenantId, await planLimits.of(on, planId, planVersion));
  }
  const overridesOf = (tenantId: string): readonly LiveOverride[] => overrides.get(tenantId) ?? [];
  const holdsAtBoth = ({ tenantId, calendar }: Tenant, aMs: number, bMs: number): boolean =>
    samePeriods(calendar, aMs, bMs) && sameInForce(overridesOf(tenantId), aMs, bMs);
  for (let guessMs = Date.now() + databaseAheadMs; ;) {
    const limitsOf = new Map<string, readonly Limit[]>();
    for (const [tenantId, limits] of planLimitsOf) {
      limitsOf.set(tenantId, effectiveLimits(limits, overridesOf(tenantId), guessMs));
    }
    const keys = keysAt(asked, limitsOf, guessMs);
    const graced = keys.filter((key) => hasGraceTime(limitsOf.get(key.tenantId) ?? [], key));
    const [{ readAtMs, standings }, firstExpiryMs, crossedAtMs] = await Promise.all([
      readStandings(on, keys),
      readFirstExpiries(on, [...limitsOf.keys()]),
      readCrossings(on, graced),
    ]);
    databaseAheadMs = readAtMs - Date.now();
    const atMs = guessMs;
    if ([...tenants.values()].every((tenant) => holdsAtBoth(tenant, atMs, readAtMs))) {
      const crossed = new Map(graced.map((key, index) => [placeOf(key), { key, atMs: crossedAtMs[index]! }]));
      const read = { nowMs: readAtMs, telemetryMarkMs: telemetryMarkMs(), limitsOf, firstExpiryMs };
      return { ...read, ...standingsFrom(keys, standings), ...crossingsFrom(crossed, readAtMs) };
    }
    guessMs = readAtMs;
  }
}

interface PeriodKey extends StandingKey {
  readonly endMs: number;
}

function keysAt(
  asked: readonly AskedResource[],
  limitsOf: ReadonlyMap<string, readonly Limit[]>,
  atMs: number,
): PeriodKey[] {
  const keys = new Map<string, PeriodKey>();
  for (const { tenant, resource } of asked) {
    const { tenantId } = tenant;
    for (const period of periodsOf(limitsOf.get(tenantId) ?? [], resource)) {
      const { startMs, endMs } = periodAt(tenant.calendar, period, atMs);
      keys.set(standingKey(tenantId, resource, period), { tenantId, resource, period, startMs, endMs });
    }
  }
  return [...keys.values()];
}

function standingsFrom(
  keys: readonly PeriodKey[],
  standings: readonly Standing[],
): Pick<FactsOfGroup, "standing" | "hold"> {
  const byKey = new Map(keys.map((key, index) => [placeOf(key), { ...standings[index]!, resetsAtMs: key.endMs }]));
  return {
    standing: (tenantId, resource, period) => byKey.get(standingKey(tenantId, resource, period))!,
    hold(tenantId, resource, amount) {
      for (const period of PERIODS) {
        const key = standingKey(tenantId, resource, period);
        const standing = byKey.get(key);
        if (standing) byKey.set(key, { ...standing, reserved: standing.reserved + amount });
      }
    },
  };
}

function crossingsFrom(
  crossed: ReadonlyMap<string, { readonly key: PeriodKey; readonly atMs: number | null }>,
  nowMs: number,
): Pick<FactsOfGroup, "crossedAtMs" | "cross" | "crossings"> {
  const fresh = new Map<string, PeriodKey>();
  return {
    crossedAtMs(tenantId, resource, period) {
      const place = standingKey(tenantId, resource, period);
      return fresh.has(place) ? nowMs : (crossed.get(place)?.atMs ?? null);
    },
    cross(tenantId, resource, period) {
      const place = standingKey(tenantId, resource, period);
      const known = crossed.get(place);
      if (known?.atMs === null) fresh.set(place, known.key);
    },
    crossings: () => [...fresh.values()],
  };
}

function hasGraceTime(limits: readonly Limit[], { resource, period }: StandingKey): boolean {
  return limits.some((limit) => limit.resource === resource && limit.period === period && limit.graceSeconds > 0);
}

/** The periods a decision on a resource looks at: those of its quotas; without a limit, its lifetime. */
function periodsOf(limits: readonly Limit[], resource: string): readonly QuotaPeriod[] {
  const applying = limits.filter((limit) => limit.resource === resource);
  return applying.length === 0
    ? ["lifetime"]
    : PERIODS.filter((period) => applying.some((limit) => limit.period === period));
}

function periodAt(calendar: readonly CalendarVersion[], period: QuotaPeriod, atMs: number): Period {
  return period === "lifetime" ? LIFETIME : accountingPeriods(atMs, calendar)[period];
}

function samePeriods(calendar: readonly CalendarVersion[], aMs: number, bMs: number): boolean {
  const a = accountingPeriods(aMs, calendar);
  const b = accountingPeriods(bMs, calendar);
  return a.day.startMs === b.day.startMs && a.month.startMs === b.month.startMs;
}

function placeOf({ tenantId, resource, period }: StandingKey): string {
  return standingKey(tenantId, resource, period);
}

function standingKey(tenantId: string, resource: string, period: QuotaPeriod): string {
  return `${tenantId} ${resource} ${period}`;
}
