import fc from "fast-check";
import { expect, test } from "vitest";
import { PriceOverrides } from "../../../collector/price/overrides/price-overrides.ts";
import { createPrice, type Priceable } from "../../../collector/price/price.ts";
import type { OverridePrices, PriceOverride } from "#database/prices/price-override";

const NOTHING: OverridePrices = {
  input: null,
  output: null,
  cacheRead: null,
  cacheWrite: null,
  reasoning: null,
  perRequest: null,
};
const EVENT: Priceable = {
  eventType: "chat",
  provider: "openai",
  model: "gpt-4o",
  serviceTier: null,
  endedAtMicros: 1_000_000,
  inputTokens: 100,
  outputTokens: 10,
  cacheReadTokens: 20,
  cacheWriteTokens: 30,
  reasoningTokens: 4,
  detail: null,
};

function override(
  model: string,
  prices: Partial<OverridePrices> | null,
  rest: Partial<PriceOverride> = {},
): PriceOverride {
  const all = prices === null ? null : { ...NOTHING, ...prices };
  return { provider: "openai", model, serviceTier: null, validFromMs: 0, prices: all, ...rest };
}

function costWith(overrides: PriceOverride[], event: Partial<Priceable> = {}): number | null {
  return createPrice(new PriceOverrides(overrides))({ ...EVENT, ...event });
}

test("an override replaces the whole list price, and what it leaves out costs what other input or output costs", () => {
  expect(costWith([override("gpt-4o", { input: 1, output: 2 })])).toBe(100 * 1000 + 10 * 2000);
  const all = { input: 1, output: 2, cacheRead: 0.1, cacheWrite: 1.25, reasoning: 3, perRequest: 0.000_000_005 };
  expect(costWith([override("gpt-4o", all)])).toBe(50 * 1000 + 20 * 100 + 30 * 1250 + 6 * 2000 + 4 * 3000 + 5);
  expect(costWith([override("gpt-4o", { input: 0, output: 0 })])).toBe(0);
  expect(costWith([override("gpt-4o", { input: 1 })])).toBeNull();
});

test("an override prices a model, a provider or a tier that the list does not know", () => {
  expect(
    costWith([override("llama3", { input: 0, output: 0 }, { provider: "ollama" })], {
      provider: "ollama",
      model: "llama3",
    }),
  ).toBe(0);
  const flex = override("gpt-4o", { input: 0.5, output: 1 }, { serviceTier: "flex" });
  expect(costWith([flex], { serviceTier: "flex" })).toBe(60_000);
  expect(costWith([flex], { serviceTier: "batch" })).toBeNull();
  expect(costWith([flex])).toBe(costWith([]));
});

test("an override holds from its instant to the next one of its key; one that ended leaves it to the list", () => {
  const overrides = [
    override("gpt-4o", { input: 1, output: 0 }, { validFromMs: 1_000 }),
    override("gpt-4o", { input: 2, output: 0 }, { validFromMs: 2_000 }),
    override("gpt-4o", null, { validFromMs: 3_000 }),
  ];
  const at = (micros: number): number | null => costWith(overrides, { endedAtMicros: micros });
  const listed = costWith([]);
  expect([999_999, 1_000_000, 1_999_999, 2_000_000, 2_999_999, 3_000_000].map(at)).toEqual([
    listed,
    100_000,
    100_000,
    200_000,
    200_000,
    listed,
  ]);
});

test("of the overrides in force the most specific decides, whatever order they are known in", () => {
  const models = ["gpt-4o", "gpt-4o-mini", "gpt-4o*", "gpt-4*", "*"];
  const anyOverride = fc
    .record({
      model: fc.constantFrom(...models),
      serviceTier: fc.constantFrom(null, "flex"),
      validFromMs: fc.integer({ min: 0, max: 3 }),
      input: fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: null }),
    })
    .map(({ model, serviceTier, validFromMs, input }) =>
      override(model, input === null ? null : { input, output: 0 }, { serviceTier, validFromMs }),
    );
  const keyOf = (it: PriceOverride): string => `${it.model} ${it.serviceTier ?? ""} ${it.validFromMs}`;
  fc.assert(
    fc.property(
      fc.uniqueArray(anyOverride, { selector: keyOf, maxLength: 12 }),
      fc.constantFrom("GPT-4o", "gpt-4o-mini", "gpt-4-turbo", "o3"),
      fc.constantFrom(null, "flex"),
      fc.integer({ min: 0, max: 4 }),
      (overrides, model, serviceTier, atMs) => {
        const ascending = [...overrides].sort((a, b) => a.validFromMs - b.validFromMs);
        const found = new PriceOverrides(ascending).find("openai", model, serviceTier, atMs * 1000);
        expect(found?.["input_mtok"] ?? null).toBe(expectedInput(overrides, model.toLowerCase(), serviceTier, atMs));
      },
    ),
    { numRuns: 500 },
  );
});

/** By going through every key from the most specific to the least, as one would explain it. */
function expectedInput(
  overrides: PriceOverride[],
  model: string,
  serviceTier: string | null,
  atMs: number,
): number | null {
  const beginnings = Array.from({ length: model.length + 1 }, (_, i) => `${model.slice(0, model.length - i)}*`);
  for (const name of [model, ...beginnings]) {
    for (const tier of serviceTier === null ? [null] : [serviceTier, null]) {
      const steps = overrides.filter((it) => it.model === name && it.serviceTier === tier && it.validFromMs <= atMs);
      const last = steps.sort((a, b) => a.validFromMs - b.validFromMs).at(-1);
      if (last?.prices) return last.prices.input;
    }
  }
  return null;
}

test("overrides read again are in force at once, also for models seen before", () => {
  const overrides = new PriceOverrides();
  const price = createPrice(overrides);
  const listed = price(EVENT);
  overrides.replace([override("gpt-4o", { input: 7, output: 7 })]);
  expect(price(EVENT)).toBe(770_000);
  overrides.replace([]);
  expect(price(EVENT)).toBe(listed);
});
