import fc from "fast-check";
import { expect, test } from "vitest";
import { limitSchema } from "#database/plans/catalogue";
import { effectiveLimits } from "../../../quota-service/decisions/facts/effective-limits.ts";

const place = fc.record({
  resource: fc.constantFrom("tokens", "chat_messages", "gpu_seconds"),
  period: fc.constantFrom("day" as const, "month" as const, "minute" as const),
});
const limit = fc
  .tuple(place, fc.integer({ min: 0, max: 5 }))
  .map(([where, amount]) => limitSchema.parse({ ...where, amount }));
const override = fc
  .tuple(limit, fc.integer({ min: 0, max: 9 }), fc.option(fc.integer({ min: 1, max: 9 })), fc.uuid())
  .map(([what, validFromMs, lastsMs, overrideId]) => {
    return { limit: what, validFromMs, validUntilMs: lastsMs === null ? null : validFromMs + lastsMs, overrideId };
  });

test("of the overrides in force for a resource and period the one made last holds, else the plan's limit", () => {
  const plan = fc.uniqueArray(limit, { selector: ({ resource, period }) => `${resource} ${period}` });
  fc.assert(
    fc.property(plan, fc.array(override, { maxLength: 8 }), fc.nat(20), fc.nat(8), (limits, made, at, first) => {
      const planned = limits.map((it) => ({ ...it, source: "plan" as const }));
      const overrides = made.map((it, index) => ({ ...it, madeAtMicros: index }));
      // They may be read in any order.
      const read = [...overrides.slice(first), ...overrides.slice(0, first)];
      const found = effectiveLimits(planned, read, at);
      const places = new Set(
        [...limits, ...overrides.map((it) => it.limit)].map((it) => `${it.resource} ${it.period}`),
      );
      const expected = [...places].flatMap((name) => {
        const here = (it: { resource: string; period: string }): boolean => `${it.resource} ${it.period}` === name;
        const last = overrides.findLast(
          (it) => here(it.limit) && it.validFromMs <= at && at < (it.validUntilMs ?? Infinity),
        );
        const from = last?.limit ?? limits.find(here);
        return from === undefined ? [] : [`${name} ${from.amount} ${last === undefined ? "plan" : "override"}`];
      });
      const told = found.map(({ resource, period, amount, source }) => `${resource} ${period} ${amount} ${source}`);
      expect(told.toSorted()).toEqual(expected.toSorted());
    }),
  );
});
