import fc from "fast-check";
import { expect, test } from "vitest";
import { limitSchema } from "#database/plans/catalogue";
import { effectiveLimits, sameInForce } from "../../../quota-service/decisions/effective-limits.ts";

const place = fc.record({
  resource: fc.constantFrom("tokens", "chat_messages", "gpu_seconds"),
  period: fc.constantFrom("day" as const, "month" as const, "minute" as const),
});
const limit = fc
  .tuple(place, fc.integer({ min: 0, max: 5 }))
  .map(([where, amount]) => limitSchema.parse({ ...where, amount }));
const override = fc
  .tuple(limit, fc.integer({ min: 0, max: 9 }), fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constant(Infinity)))
  .map(([what, fromMs, lastsMs]) => ({ ...what, tenantId: "acme", fromMs, untilMs: fromMs + lastsMs }));

test("of the overrides in force for a resource and period the one made last holds, else the plan's limit", () => {
  const plan = fc.uniqueArray(limit, { selector: ({ resource, period }) => `${resource} ${period}` });
  fc.assert(
    fc.property(
      plan,
      fc.array(override, { maxLength: 8 }),
      fc.integer({ min: 0, max: 20 }),
      (limits, overrides, at) => {
        const planned = limits.map((it) => ({ ...it, source: "plan" as const }));
        const found = effectiveLimits(planned, overrides, at);
        const places = new Set([...limits, ...overrides].map(({ resource, period }) => `${resource} ${period}`));
        const expected = [...places].flatMap((name) => {
          const here = ({ resource, period }: { resource: string; period: string }): boolean =>
            `${resource} ${period}` === name;
          const made = overrides.find((it) => here(it) && it.fromMs <= at && at < it.untilMs);
          const from = made ?? limits.find(here);
          return from === undefined ? [] : [`${name} ${from.amount} ${made === undefined ? "plan" : "override"}`];
        });
        const told = found.map(({ resource, period, amount, source }) => `${resource} ${period} ${amount} ${source}`);
        expect(told.toSorted()).toEqual(expected.toSorted());
      },
    ),
  );
});

test("two instants at which the same overrides are in force have the same limits", () => {
  const instant = fc.integer({ min: 0, max: 20 });
  fc.assert(
    fc.property(fc.array(override, { maxLength: 6 }), instant, instant, (overrides, a, b) => {
      fc.pre(sameInForce(overrides, a, b));
      expect(effectiveLimits([], overrides, a)).toEqual(effectiveLimits([], overrides, b));
    }),
  );
});
