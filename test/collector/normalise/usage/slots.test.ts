import fc from "fast-check";
import { expect, test } from "vitest";
import { NAMES, READ_ATTRIBUTES } from "../../../../collector/normalise/usage/attribute-names.ts";
import { SLOT, Slots, type Meaning } from "../../../../collector/normalise/usage/attributes/slots.ts";
import { spanOf } from "./span-of.ts";

const MEANINGS = Object.keys(NAMES) as Meaning[];

test("of several names for one thing the first in the table counts, in whatever order they were sent", () => {
  const sent = fc
    .constantFrom(...MEANINGS)
    .chain((meaning) =>
      fc.tuple(fc.constant(meaning), fc.shuffledSubarray([...NAMES[meaning]], { minLength: 1 }), fc.boolean()),
    );
  fc.assert(
    fc.property(sent, ([meaning, names, firstIsNaN]) => {
      const known: readonly string[] = NAMES[meaning];
      const byRank = names.toSorted((a, b) => known.indexOf(a) - known.indexOf(b));
      const unknown = firstIsNaN ? byRank[0] : undefined;
      const values = Object.fromEntries(names.map((name) => [name, name === unknown ? Number.NaN : `${name}!`]));
      const slots = new Slots(spanOf(values).attributes);
      const [expected] = byRank.filter((name) => name !== unknown);
      expect(slots.get(SLOT[meaning])).toBe(expected === undefined ? undefined : `${expected}!`);
      expect(slots.named(SLOT[meaning])?.[0]).toBe(expected);
    }),
  );
});

test("every name the collector reads has one meaning", () => {
  expect(new Set(READ_ATTRIBUTES).size).toBe(READ_ATTRIBUTES.length);
});
