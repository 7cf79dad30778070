import fc from "fast-check";
import { expect, test } from "vitest";
import { leaseTerms } from "../../../quota-service/decisions/lease.ts";
import type { LeaseFacts } from "../../../quota-service/decisions/lease.ts";
import type { Limit } from "../../../quota-service/decisions/limit.ts";

const HOUR_MS = 3_600_000;

function limit(period: Limit["period"], amount: number | null, enforcement: Limit["enforcement"] = "hard"): Limit {
  const extras = { warnAt: 0.8, graceFraction: 0, graceSeconds: 0, burst: 0 };
  const modes = { onUnavailable: "allow", onUnpriced: "allow", source: "plan" } as const;
  return { resource: "tokens", period, amount, enforcement, ...extras, ...modes };
}

function facts(limits: readonly Limit[], taken: number, nowMs = 0): LeaseFacts {
  const standingOf = (): { used: number; reserved: number } => ({ used: taken, reserved: 0 });
  return { nowMs, dayEndMs: HOUR_MS, monthEndMs: 2 * HOUR_MS, limits, standingOf };
}

const want = (amount: number) => [{ resource: "tokens", amount }];

test("a lease is never more than is wanted, than a tenth of what remains, or than leaves a limit's last fifth whole", () => {
  const amount = fc.nat(Number.MAX_SAFE_INTEGER);
  fc.assert(
    fc.property(amount, fc.double({ min: 0, max: 1.2, noNaN: true }), amount, (size, share, wanted) => {
      const taken = Math.floor(size * share);
      const remaining = size - taken;
      const { items, refusals } = leaseTerms(facts([limit("day", size)], taken), want(wanted + 1));
      const granted = items[0]!.amount;
      expect(granted <= wanted + 1 && BigInt(granted) * 10n <= BigInt(Math.max(0, remaining))).toBe(true);
      expect(granted === 0 || BigInt(remaining - granted) * 5n >= BigInt(size)).toBe(true);
      const fitsOneMore = remaining >= 10 && BigInt(remaining - 1) * 5n >= BigInt(size);
      expect(granted > 0).toBe(fitsOneMore);
      expect(refusals.map(({ reason }) => reason)).toEqual(granted === 0 ? ["LITTLE_LEFT"] : []);
    }),
  );
});

test("the tightest of a resource's limits decides, and only hard ones do", () => {
  const limits = [limit("day", 1_000), limit("month", 500), limit("lifetime", 10, "soft"), limit("hour", 1, "shadow")];
  expect(leaseTerms(facts(limits, 0), want(1_000)).items).toEqual(want(50));
  expect(leaseTerms(facts([limit("day", null)], 0), want(1_000)).items).toEqual(want(1_000));
});

test("one resource that cannot be leased refuses them all, and only what stands in the way is named", () => {
  const wanted = [...want(10), { resource: "api_calls", amount: 10 }, { resource: "searches", amount: 10 }];
  const limits = [
    limit("day", 1_000),
    { ...limit("minute", 30), resource: "api_calls" },
    { ...limit("month", 9), resource: "searches" },
  ];
  const { items, refusals } = leaseTerms(facts(limits, 0), wanted);
  expect(items.map(({ amount }) => amount)).toEqual([0, 0, 0]);
  expect(refusals).toEqual([
    { resource: "api_calls", period: "minute", reason: "NOT_A_QUOTA", limit: 30, remaining: null },
    { resource: "searches", period: "month", reason: "LITTLE_LEFT", limit: 9, remaining: 9 },
  ]);
});

test("a lease ends after 30 s or with the day, and in the day's last second there is none", () => {
  const at = (nowMs: number) => leaseTerms(facts([limit("day", 1_000)], 0, nowMs), want(10));
  expect(at(0)).toMatchObject({ expiresAtMs: 30_000, items: want(10) });
  expect(at(HOUR_MS - 2_000)).toMatchObject({ expiresAtMs: HOUR_MS, items: want(10) });
  expect(at(HOUR_MS - 999)).toMatchObject({ items: want(0), refusals: [{ reason: "PERIOD_ENDS" }] });
});

test("an unclosed lease is kept to the end of the longest period it may have been spent in", () => {
  const keptUntil = (...limits: Limit[]) => leaseTerms(facts(limits, 0), want(1)).keptUntilMs;
  expect([
    keptUntil(),
    keptUntil(limit("day", 100)),
    keptUntil(limit("day", 100), limit("month", 900)),
    keptUntil(limit("lifetime", 100)),
  ]).toEqual([HOUR_MS, HOUR_MS, 2 * HOUR_MS, 2 * HOUR_MS]);
});
