import { calcPrice, findProvider } from "@pydantic/genai-prices";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPrice, type Priceable } from "../../../collector/price/price.ts";

/** Our names of providers -> the price list's. */
const LISTED: Readonly<Record<string, string>> = {
  openai: "openai",
  anthropic: "anthropic",
  "aws.bedrock": "aws",
  "azure.ai.openai": "azure",
  "gcp.gemini": "google",
  mistral_ai: "mistral",
  deepseek: "deepseek",
  perplexity: "perplexity",
  x_ai: "x-ai",
};
/** Every model of those providers whose input and output tokens have a price now. */
const MODELS = Object.entries(LISTED).flatMap(([provider, listed]) =>
  findProvider({ providerId: listed })!
    .models.filter(({ id }) => {
      const prices = calcPrice({}, id, { providerId: listed })?.model_price;
      return prices?.["input_mtok"] !== undefined && prices["output_mtok"] !== undefined;
    })
    .map(({ id }) => ({ provider, listed, model: id })),
);

const price = createPrice();
const AT = new Date(Date.UTC(2026, 5, 1, 12));

test("every listed model costs what the price list computes, at any time and size", () => {
  const tokens = fc.oneof(fc.nat(3_000), fc.nat(500_000));
  fc.assert(
    fc.property(
      fc.constantFrom(...MODELS),
      fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2026, 11, 31) }),
      fc.tuple(tokens, tokens, tokens, tokens, fc.nat(1000)),
      ({ provider, listed, model }, atMs, [fresh, cacheRead, cacheWrite, output, reasoning]) => {
        const input = fresh + cacheRead + cacheWrite;
        const answer = output + reasoning;
        const listPrice = calcPrice(
          {
            input_tokens: input,
            cache_read_tokens: cacheRead,
            cache_write_tokens: cacheWrite,
            output_tokens: answer,
            output_reasoning_tokens: reasoning,
          },
          model,
          { providerId: listed, timestamp: new Date(atMs) },
        );
        const ours = price({
          ...event(provider, model),
          endedAtMicros: atMs * 1000,
          inputTokens: input,
          cacheReadTokens: cacheRead,
          cacheWriteTokens: cacheWrite,
          outputTokens: answer,
          reasoningTokens: reasoning,
        });
        expect(Number.isSafeInteger(ours)).toBe(true);
        // The list sums in binary fractions of a dollar; ours is the same sum, rounded once to a nano-dollar.
        expect(Math.abs(ours! - listPrice!.total_price * 1e9)).toBeLessThanOrEqual(0.5 + listPrice!.total_price * 1e-4);
      },
    ),
    { numRuns: 3000 },
  );
});

test("I5, I6: an event that would cost more than 1 000 USD is unpriced, not a sum that bursts", () => {
  const gpt4o = (inputTokens: number) => price({ ...event("openai", "gpt-4o"), inputTokens, outputTokens: 0 });
  expect(gpt4o(400_000_000)).toBe(1_000_000_000_000);
  expect(gpt4o(400_000_001)).toBeNull();
});

test.each([
  [{ inputTokens: 1_000_000, outputTokens: 0 }, 2_500_000_000],
  [{ inputTokens: 1, outputTokens: 0 }, 2500],
  [{ inputTokens: 1000, outputTokens: 100, cacheReadTokens: 200 }, 3_250_000],
])("gpt-4o with %o costs %i nano-USD", (tokens, nanoUsd) => {
  expect(price({ ...event("openai", "gpt-4o"), ...tokens })).toBe(nanoUsd);
});

test("a cost is rounded once per event, half up", () => {
  // Reading Nova Micro's cache costs 8.75 nano-USD a token.
  const read = (tokens: number): number | null =>
    price({
      ...event("aws.bedrock", "amazon.nova-micro-v1:0"),
      inputTokens: tokens,
      cacheReadTokens: tokens,
      outputTokens: 0,
    });
  expect([read(1), read(2), read(3), read(4)]).toEqual([9, 18, 26, 35]);
});

test("unknown is null, free is 0", () => {
  expect(price(event("openai", "gpt-99-ultra"))).toBeNull();
  expect(price(event("nobody", "gpt-4o"))).toBeNull();
  expect(price({ ...event("openai", "gpt-4o"), provider: null })).toBeNull();
  expect(price({ ...event("openai", "gpt-4o"), model: null })).toBeNull();
  expect(price({ ...event("openai", "gpt-4o"), inputTokens: null })).toBeNull();
  expect(price({ ...event("openai", "gpt-4o"), outputTokens: null })).toBeNull();
  expect(price(event("openrouter", "mistralai/mistral-nemo:free"))).toBe(0);
});

test("a service tier that the list has no price for is unpriced, however it is called", () => {
  const at = (serviceTier: string | null): number | null => price({ ...event("openai", "gpt-4o"), serviceTier });
  for (const standard of [null, "default", "standard", "auto", "on_demand"]) expect(at(standard)).toBe(350_000);
  for (const other of ["flex", "priority", "batch", "scale", "turbo-2030"]) expect(at(other)).toBeNull();
});

test("counts that contradict each other never make a cost negative", () => {
  const tokens = fc.nat(5_000);
  fc.assert(
    fc.property(fc.constantFrom(...MODELS), fc.array(tokens, { minLength: 6, maxLength: 6 }), (model, counts) => {
      const [inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens, audio] = counts;
      const detail = { "raw.gen_ai.usage.audio.input_tokens": audio!, "raw.gen_ai.usage.audio.output_tokens": audio! };
      const tokensOfEvent = { inputTokens, cacheReadTokens, cacheWriteTokens, outputTokens, reasoningTokens, detail };
      const cost = price({ ...event(model.provider, model.model), ...tokensOfEvent } as Priceable);
      expect(cost).toBeGreaterThanOrEqual(0);
    }),
  );
});

test("audio and image tokens are charged apart where the sender counts them and the list prices them", () => {
  const listed = (input: Record<string, number>): number =>
    Math.round(calcPrice(input, "gpt-audio", { providerId: "openai", timestamp: AT })!.total_price * 1e9);
  const speech = { ...event("openai", "gpt-audio"), inputTokens: 1_000, outputTokens: 500 };
  expect(price(speech)).toBe(listed({ input_tokens: 1_000, output_tokens: 500 }));
  const detail = { "raw.gen_ai.usage.audio.input_tokens": 600, "raw.llm.token_count.completion_details.audio": 450 };
  expect(price({ ...speech, detail })).toBe(
    listed({ input_tokens: 1_000, output_tokens: 500, input_audio_tokens: 600, output_audio_tokens: 450 }),
  );
  expect(price({ ...speech, detail })).toBeGreaterThan(price(speech)!);
  // A model whose list price makes no difference.
  expect(price({ ...event("openai", "gpt-4o"), detail })).toBe(price(event("openai", "gpt-4o")));
});

test("embeddings are priced by their input alone", () => {
  const embedding = { ...event("openai", "text-embedding-3-small"), eventType: "embedding", outputTokens: null };
  expect(price(embedding)).toBe(2000);
});

test("a price that changes with the hour is that of the span's own hour", () => {
  const at = (hour: number): number | null =>
    price({ ...event("deepseek", "deepseek-chat"), endedAtMicros: Date.UTC(2025, 3, 1, hour) * 1000 });
  const listed = (hour: number): number =>
    calcPrice({ input_tokens: 100, output_tokens: 10 }, "deepseek-chat", {
      providerId: "deepseek",
      timestamp: new Date(Date.UTC(2025, 3, 1, hour)),
    })!.total_price;
  expect(at(3)).toBe(Math.round(listed(3) * 1e9));
  expect(at(20)).toBe(Math.round(listed(20) * 1e9));
  expect(at(3)).not.toBe(at(20));
});

function event(provider: string, model: string): Priceable {
  return {
    eventType: "chat",
    provider,
    model,
    serviceTier: null,
    detail: null,
    endedAtMicros: AT.getTime() * 1000,
    inputTokens: 100,
    outputTokens: 10,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
  };
}
