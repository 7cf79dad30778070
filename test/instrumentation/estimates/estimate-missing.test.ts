import fc from "fast-check";
import { expect, test } from "vitest";

import type { AttemptOutcome } from "../../../instrumentation/src/tap/attempt/attempt-outcome.ts";
import { estimateMissing } from "../../../instrumentation/src/tap/estimate/estimate-missing.ts";
import { KeptText } from "../../../instrumentation/src/tap/estimate/kept-text.ts";

const tokens = fc.nat({ max: 1_000 });
const usage = fc.record(
  { inputTokens: tokens, outputTokens: tokens, cacheReadTokens: tokens, reasoningTokens: tokens },
  { requiredKeys: [] },
);
const outcome: fc.Arbitrary<AttemptOutcome> = fc.record({
  status: fc.constantFrom("ok", "failed"),
  errorType: fc.constantFrom(undefined, "ECONNRESET"),
  usage: fc.option(usage),
  usageSource: fc.constantFrom("provider", "partial", "none"),
});
const text = fc.option(fc.string({ maxLength: 200 }).map(kept));
const texts = fc.record({
  eventType: fc.constantFrom("chat", "embedding", "image"),
  model: fc.constantFrom(undefined, "gpt-4o"),
  input: text,
  output: text,
});

function kept(content: string): KeptText {
  const it = new KeptText();
  it.add(content);
  return it;
}

test("an estimate never replaces, lowers or removes what a provider told, and is marked", () => {
  fc.assert(
    fc.property(outcome, texts, (told, from) => {
      const now = estimateMissing(told, from);
      const { outputTokens: saidOutput = 0, ...said } = told.usage ?? {};
      expect(now.usage ?? {}).toMatchObject(said);
      expect(now.usage?.outputTokens ?? 0).toBeGreaterThanOrEqual(saidOutput);
      const isEstimated = JSON.stringify(now.usage) !== JSON.stringify(told.usage);
      const usageSource = isEstimated ? "estimated" : told.usageSource;
      expect(now).toEqual({ ...told, usage: now.usage, usageSource });
      const mayBe = told.usageSource !== "provider" && from.eventType !== "image";
      expect(isEstimated && !mayBe).toBe(false);
    }),
  );
});

test("of a long text its beginning is kept, and the estimate grows with its length", () => {
  const words = "so it goes on and on ";
  const [one, ten] = [kept(words.repeat(1_000)), new KeptText()];
  for (let part = 0; part < 10; part++) ten.add(words.repeat(1_000));
  expect(ten.length).toBe(10 * one.length);
  expect(ten.tokens("gpt-4o") / one.tokens("gpt-4o")).toBeCloseTo(10, 1);
});
