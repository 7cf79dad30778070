import type { ClientBase, Pool } from "pg";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import { readFirstExpiries } from "#database/reservations/read-first-expiries";
import type { Tenant } from "#database/tenants/read-tenants";
import { readStandings } from "#database/totals/read-standings";
import type { Standing, StandingKey } from "#database/totals/read-standings";
import type { Limit, PlanLimits } from "./limit.ts";

export type QuotaPeriod = "day" | "month" | "lifetime";

/** What several decisions are made from: one snapshot, and the instant it was read. */
export interface FactsOfGroup {
  readonly nowMs: number;
  /** The instant to which all telemetry is complete; null = unknown. */
  readonly telemetryMarkMs: number | null;
  readonly limitsOf: ReadonlyMap<string, readonly Limit[]>;
  readonly firstExpiryMs: ReadonlyMap<string, number>;
  /** Standings by tenant, resource and period; a group's earlier admissions are added to them as it is judged. */
  standing(tenantId: string, resource: string, period: QuotaPeriod): Standing & { resetsAtMs: number };
  hold(tenantId: string, resource: string, amount: number): void;
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

/**
 * Reads limits, standings and the database's clock. The periods to look up depend on that clock, which is known only
 * afterwards: where it turns out to be in another period than guessed, the standings are read again.
 */
export async function readFacts(
  on: ClientBase | Pool,
  { planLimits, telemetryMarkMs }: DecisionSources,
  asked: readonly AskedResource[],
): Promise<FactsOfGroup> {
  const limitsOf = new Map<string, readonly Limit[]>();
  for (const { tenant } of asked) {
    if (limitsOf.has(tenant.tenantId)) continue;
    limitsOf.set(tenant.tenantId, await planLimits.of(on, tenant.planId, tenant.planVersion));
  }
  for (let guessMs = Date.now() + databaseAheadMs; ;) {
    const keys = keysAt(asked, limitsOf, guessMs);
    const [{ readAtMs, standings }, firstExpiryMs] = await Promise.all([
      readStandings(on, keys),
      readFirstExpiries(on, [...limitsOf.keys()]),
    ]);
    databaseAheadMs = readAtMs - Date.now();
    if (asked.some(({ tenant }) => !samePeriods(tenant.calendar, guessMs, readAtMs))) {
      guessMs = readAtMs;
      continue;
    }
    return factsFrom(readAtMs, telemetryMarkMs(), limitsOf, firstExpiryMs, keys, standings);
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

function factsFrom(
  nowMs: number,
  telemetryMarkMs: number | null,
  limitsOf: ReadonlyMap<string, readonly Limit[]>,
  firstExpiryMs: ReadonlyMap<string, number>,
  keys: readonly PeriodKey[],
  standings: readonly Standing[],
): FactsOfGroup {
  const byKey = new Map(
    keys.map(({ tenantId, resource, period, endMs }, index) => [
      standingKey(tenantId, resource, period),
      { ...standings[index]!, resetsAtMs: endMs },
    ]),
  );
  return {
    nowMs,
    telemetryMarkMs,
    limitsOf,
    firstExpiryMs,
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

function standingKey(tenantId: string, resource: string, period: QuotaPeriod): string {
  return `${tenantId} ${resource} ${period}`;
}
