import fc from "fast-check";
import { expect, test } from "vitest";
import { limitSchema } from "#database/plans/catalogue";
import type { LimitDefinition } from "#database/plans/catalogue";
import { allows, minimumPlan, suggestUpgrade } from "../../../quota-service/plans/suggest-upgrade.ts";
import type { Demand, OfferedPlan } from "../../../quota-service/plans/suggest-upgrade.ts";

const limit = fc
  .record({
    resource: fc.constantFrom("tokens", "members"),
    period: fc.constantFrom("minute", "day", "month", "level"),
    amount: fc.option(fc.nat(20)),
    enforcement: fc.constantFrom("hard", "soft"),
  })
  .map((it): LimitDefinition => limitSchema.parse(it));
const limits = fc.uniqueArray(limit, { maxLength: 6, selector: ({ resource, period }) => `${resource} ${period}` });
const plans: fc.Arbitrary<OfferedPlan[]> = fc.uniqueArray(
  fc.record({
    planId: fc.constantFrom("a", "b", "c", "d", "e"),
    rank: fc.nat(5),
    features: fc.subarray(["export", "sso"]),
    limits,
  }),
  { minLength: 1, selector: ({ planId }) => planId },
);
const demand: fc.Arbitrary<Demand> = fc.oneof(
  fc.record({ kind: fc.constant("feature" as const), feature: fc.constantFrom("export", "sso", "audit") }),
  fc.record({
    kind: fc.constant("amount" as const),
    resource: fc.constantFrom("tokens", "members"),
    amount: fc.nat(20),
    taken: fc
      .dictionary(fc.constantFrom("day", "month", "level"), fc.nat(20))
      .map((taken) => new Map(Object.entries(taken)) as ReadonlyMap<LimitDefinition["period"], number>),
    overrides: limits,
  }),
);

test("what is suggested is above the present plan and allows it, and nothing lower above it does", () => {
  fc.assert(
    fc.property(plans, fc.constantFrom("a", "b", "none"), demand, (offered, present, need) => {
      const rank = offered.find(({ planId }) => planId === present)?.rank ?? -1;
      const suggested = suggestUpgrade(offered, present, need);
      const fitting = offered.filter((plan) => plan.rank > rank && allows(plan, need));
      expect(suggested === null).toBe(fitting.length === 0);
      const chosen = fitting.find(({ planId }) => planId === suggested);
      for (const plan of fitting) expect(chosen!.rank).toBeLessThanOrEqual(plan.rank);
    }),
  );
});

test("a feature's minimum plan has it, and no lower plan does", () => {
  fc.assert(
    fc.property(plans, fc.constantFrom("export", "sso", "audit"), (offered, feature) => {
      const having = offered.filter(({ features }) => features.includes(feature));
      const lowest = having.find(({ planId }) => planId === minimumPlan(offered, feature));
      expect(lowest === undefined).toBe(having.length === 0);
      for (const plan of having) expect(lowest!.rank).toBeLessThanOrEqual(plan.rank);
    }),
  );
});

const tokens = (fields: object): LimitDefinition => limitSchema.parse({ resource: "tokens", period: "day", ...fields });
const planOf = (...limits: LimitDefinition[]): OfferedPlan => ({ planId: "p", rank: 0, features: [], limits });
const need = (amount: number, fields: Partial<Extract<Demand, { kind: "amount" }>> = {}): Demand => ({
  kind: "amount",
  resource: "tokens",
  amount,
  taken: new Map([["day", 60]]),
  overrides: [],
  ...fields,
});

test.each<[what: string, plan: OfferedPlan, demand: Demand, expected: boolean]>([
  ["what fits beside what is used", planOf(tokens({ amount: 100 })), need(40), true],
  ["what does not", planOf(tokens({ amount: 100 })), need(41), false],
  ["what fits within the grace", planOf(tokens({ amount: 100, graceFraction: 0.001 })), need(40), true],
  ["a grace of 0.7 of 10, exactly", planOf(tokens({ amount: 90, graceFraction: 0.7 })), need(93), true],
  ["more than the grace", planOf(tokens({ amount: 90, graceFraction: 0.7 })), need(94), false],
  ["anything where there is no limit", planOf(), need(1e15), true],
  ["anything where it is unlimited", planOf(tokens({ amount: null })), need(1e15), true],
  ["anything under a soft limit", planOf(tokens({ amount: 1, enforcement: "soft" })), need(1e15), true],
  ["a rate with its burst", planOf(tokens({ period: "minute", amount: 10, burst: 5 })), need(15), true],
  ["more than a rate and its burst", planOf(tokens({ period: "minute", amount: 10, burst: 5 })), need(16), false],
  [
    "less than the plan, where an override says so",
    planOf(tokens({ amount: 1000 })),
    need(41, { overrides: [tokens({ amount: 100 })] }),
    false,
  ],
  [
    "more than the plan, where an override says so",
    planOf(tokens({ amount: 1 })),
    need(40, { overrides: [tokens({ amount: 100 })] }),
    true,
  ],
])("whether a plan allows: %s", (_what, plan, demand, expected) => {
  expect(allows(plan, demand)).toBe(expected);
});
