import fc from "fast-check";
import { expect, test } from "vitest";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import { limitSchema } from "#database/plans/catalogue";
import type { LimitDefinition } from "#database/plans/catalogue";
import type { Work } from "#database/replay/work";
import { TenantReplay } from "../../../../quota-service/admin/replay/tenant-replay.ts";

const RESOURCES = ["tokens", "api_calls"] as const;
const WINDOWS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000 };
const HOUR_MS = 3_600_000;
/** A Saturday noon in New York: the day after has 25 hours there, and the month's anchor is near. */
const FROM_MS = Date.UTC(2026, 9, 31, 16);
const CALENDAR: readonly CalendarVersion[] = [{ effectiveFromMs: -Infinity, zone: "America/New_York", anchorDay: 2 }];

const limits = fc.uniqueArray(
  fc
    .record({
      resource: fc.constantFrom(...RESOURCES),
      period: fc.constantFrom("second", "minute", "hour", "day", "month", "lifetime", "level"),
      amount: fc.option(fc.integer({ min: 0, max: 60 }), { nil: null, freq: 10 }),
      enforcement: fc.constantFrom("hard", "hard", "hard", "soft", "shadow"),
      graceFraction: fc.constantFrom(0, 0, 0.1, 0.255),
      graceSeconds: fc.constantFrom(0, 0, 0, 1_800),
      burst: fc.integer({ min: 0, max: 10 }),
    })
    .map((limit): LimitDefinition => limitSchema.parse(withoutNonsense(limit))),
  { minLength: 1, maxLength: 6, selector: ({ resource, period }) => `${resource} ${period}` },
);

/** A rate limit has no grace, a quota no burst. */
function withoutNonsense(limit: { readonly period: string }): object {
  return limit.period in WINDOWS ? { ...limit, graceFraction: 0, graceSeconds: 0 } : { ...limit, burst: 0 };
}

const amounts = fc
  .record({ tokens: fc.integer({ min: 0, max: 20 }), api_calls: fc.integer({ min: 0, max: 3 }) })
  .map((asked) => new Map(RESOURCES.map((resource) => [resource, asked[resource]] as const).filter(([, n]) => n > 0)));

/** Steps of a window's length, of a sixtieth more or less, and what lies between. */
const stepMs = fc.oneof(
  fc.integer({ min: 0, max: 2_000 }),
  fc.integer({ min: 0, max: 8 * HOUR_MS }),
  fc
    .tuple(fc.constantFrom(...Object.values(WINDOWS)), fc.constantFrom(-1, 0, 1), fc.integer({ min: -1, max: 1 }))
    .map(([windowMs, sixtieths, ms]) => Math.round(windowMs + (sixtieths * windowMs) / 60) + ms),
);

/** Work at instants that are sometimes close together and sometimes hours apart, in order. */
const events = fc.array(fc.tuple(stepMs, amounts), { maxLength: 60, size: "max" }).map((steps) => {
  let atMs = FROM_MS;
  return steps.map(([afterMs, asked]): Work => {
    atMs += afterMs;
    return { tenantId: "acme", atMs, resolution: "event", amounts: asked };
  });
});
const before = fc.array(fc.nat({ max: 40 }), { minLength: 3, maxLength: 3 }).map((parts) => {
  const [day, month, lifetime] = parts.toSorted((a, b) => a - b);
  return RESOURCES.map((resource) => ({ tenantId: "acme", resource, day: day!, month: month!, lifetime: lifetime! }));
});
type Before = typeof before extends fc.Arbitrary<infer Value> ? Value : never;

interface Tally {
  readonly requests: number;
  readonly amount: number;
  readonly firstMs: number | null;
}

const periodOf = ({ period }: LimitDefinition, atMs: number): Period =>
  period === "lifetime" ? LIFETIME : accountingPeriods(atMs, CALENDAR)[period === "day" ? "day" : "month"];

const askedOf = ({ amounts: asked }: Work, { resource }: LimitDefinition): number => asked.get(resource) ?? 0;

/** Whether work fits under a limit beside all that was admitted, summed up again from nothing. */
function fits(limit: LimitDefinition, work: Work, admitted: readonly Work[], used: Before): boolean {
  const asked = askedOf(work, limit);
  if (asked === 0 || limit.amount === null || limit.enforcement !== "hard" || limit.period === "level") return true;
  const windowMs = WINDOWS[limit.period];
  if (windowMs !== undefined) {
    const bucketOf = (atMs: number): number => Math.floor((atMs * 60) / windowMs);
    const counted = admitted.filter(({ atMs }) => bucketOf(atMs) >= bucketOf(work.atMs) - 60);
    return sum(counted, limit) + asked <= limit.amount + limit.burst;
  }
  const period = periodOf(limit, work.atMs);
  const holdsFrom = period.startMs <= FROM_MS;
  const start = holdsFrom ? used.find(({ resource }) => resource === limit.resource)![quotaPeriod(limit)] : 0;
  const inPeriod = admitted.filter(({ atMs }) => atMs >= period.startMs);
  if (limit.graceSeconds > 0) {
    const crossing = inPeriod.find(
      (it, index) => askedOf(it, limit) > 0 && start + sum(inPeriod.slice(0, index + 1), limit) > limit.amount!,
    );
    if (crossing === undefined || work.atMs < crossing.atMs + limit.graceSeconds * 1000) return true;
  }
  const extra = Math.floor((limit.amount * Math.round(limit.graceFraction * 1000)) / 1000);
  return start + sum(inPeriod, limit) + asked <= limit.amount + extra;
}

function quotaPeriod({ period }: LimitDefinition): "day" | "month" | "lifetime" {
  return period === "day" || period === "lifetime" ? period : "month";
}

function sum(works: readonly Work[], limit: LimitDefinition): number {
  return works.reduce((total, work) => total + askedOf(work, limit), 0);
}

function bruteForce(plan: readonly LimitDefinition[], works: readonly Work[], used: Before): Map<string, Tally> {
  const admitted: Work[] = [];
  const tallies = new Map<string, Tally>();
  const count = (key: string, { atMs }: Work, amount: number): void => {
    const { requests = 0, amount: denied = 0, firstMs = atMs } = tallies.get(key) ?? {};
    tallies.set(key, { requests: requests + 1, amount: denied + amount, firstMs });
  };
  for (const work of works) {
    const denying = plan.filter((limit) => !fits(limit, work, admitted, used));
    for (const limit of denying) count(`${limit.resource} ${limit.period}`, work, askedOf(work, limit));
    if (denying.length > 0) count("any", work, 0);
    else admitted.push(work);
  }
  return tallies;
}

function replayed(plan: readonly LimitDefinition[], works: readonly Work[], used: Before): Map<string, Tally> {
  const replay = new TenantReplay(plan, CALENDAR, FROM_MS, used);
  for (const work of works) replay.take(work);
  const outcome = replay.outcome();
  if (outcome === null) return new Map();
  return new Map([
    ["any", { requests: outcome.deniedRequests, amount: 0, firstMs: outcome.firstDeniedAtMs }],
    ...outcome.limits.map(({ limit, deniedRequests, deniedAmount, firstDeniedAtMs }): [string, Tally] => [
      `${limit.resource} ${limit.period}`,
      { requests: deniedRequests, amount: deniedAmount, firstMs: firstDeniedAtMs },
    ]),
  ]);
}

test("X6: a replay denies what adding everything up anew at each piece of work would deny, by any limits, grace and windows", () => {
  fc.assert(
    fc.property(limits, events, before, (plan, works, used) => {
      expect(replayed(plan, works, used)).toEqual(bruteForce(plan, works, used));
    }),
    { numRuns: 1_000 },
  );
});

test("X6: a limit as high as what a replay says was used most denies nothing, and one less denies", () => {
  fc.assert(
    fc.property(
      events,
      fc.constantFrom("day", "month", "lifetime"),
      fc.integer({ min: 0, max: 60 }),
      (works, period, amount) => {
        const under = (most: number): ReturnType<TenantReplay["outcome"]> => {
          const limit = limitSchema.parse({ resource: "tokens", period, amount: most });
          const replay = new TenantReplay([limit], CALENDAR, FROM_MS, []);
          for (const work of works) replay.take(work);
          return replay.outcome();
        };
        const highest = under(amount)?.limits[0]?.highestUsed ?? null;
        fc.pre(highest !== null);
        expect(under(highest)).toBeNull();
        expect(under(highest - 1)).not.toBeNull();
      },
    ),
  );
});

test("X6: of an hour whose events are gone as much is admitted as fits, and the hour is counted once", () => {
  const plan = [
    { resource: "tokens", period: "day", amount: 100 },
    { resource: "tokens", period: "month", amount: 150 },
    { resource: "tokens", period: "minute", amount: 1 },
    { resource: "api_calls", period: "day", amount: 5, graceFraction: 0.2 },
  ].map((limit) => limitSchema.parse(limit));
  const replay = new TenantReplay(plan, [], Date.UTC(2026, 4, 1), []);
  const take = (at: number, resolution: Work["resolution"], tokens: number, calls: number): void =>
    replay.take({
      tenantId: "acme",
      atMs: at,
      resolution,
      amounts: new Map([
        ["tokens", tokens],
        ["api_calls", calls],
      ]),
    });
  take(Date.UTC(2026, 4, 1, 7), "hour", 90, 4);
  take(Date.UTC(2026, 4, 1, 8), "hour", 30, 3);
  take(Date.UTC(2026, 4, 2, 8), "hour", 60, 1);
  take(Date.UTC(2026, 4, 3, 8), "event", 1, 1);
  const { limits: denied, ...any } = replay.outcome()!;
  expect(any).toEqual({
    resolution: "mixed",
    firstDeniedAtMs: Date.UTC(2026, 4, 1, 8),
    deniedRequests: 1,
    deniedHours: 2,
  });
  expect(denied.map(({ limit: { resource, period }, ...figures }) => ({ resource, period, ...figures }))).toEqual([
    {
      resource: "tokens",
      period: "day",
      firstDeniedAtMs: Date.UTC(2026, 4, 1, 8),
      firstDeniedResolution: "hour",
      deniedRequests: 0,
      deniedHours: 1,
      deniedAmount: 20,
      highestUsed: 120,
    },
    {
      resource: "tokens",
      period: "month",
      firstDeniedAtMs: Date.UTC(2026, 4, 2, 8),
      firstDeniedResolution: "hour",
      deniedRequests: 1,
      deniedHours: 1,
      deniedAmount: 11,
      highestUsed: 181,
    },
    {
      resource: "api_calls",
      period: "day",
      firstDeniedAtMs: Date.UTC(2026, 4, 1, 8),
      firstDeniedResolution: "hour",
      deniedRequests: 0,
      deniedHours: 1,
      deniedAmount: 1,
      highestUsed: 7,
    },
  ]);
});
