import { EVENT_AMOUNT_MAX } from "@quotel/conventions";
import type { ModelPrice, TieredPrices } from "@pydantic/genai-prices";
import type { UsageEvent } from "#database/record/usage-event";
import { PriceList } from "./list/price-list.ts";
import { tokensByModality } from "./modality.ts";
import { PriceOverrides } from "./overrides/price-overrides.ts";
import { isListPriced } from "./service-tier.ts";

/** What a price depends on. */
export type Priceable = Pick<
  UsageEvent,
  | "eventType"
  | "provider"
  | "model"
  | "serviceTier"
  | "endedAtMicros"
  | "inputTokens"
  | "outputTokens"
  | "cacheReadTokens"
  | "cacheWriteTokens"
  | "reasoningTokens"
  | "detail"
>;

/** Prices an event: integer nano-USD, 0 only where it is free, null = unknown or nothing to price (I6). */
export type Price = (event: Priceable) => number | null;

/** List prices are USD per million tokens, as good as always with at most six decimals: integers in pico-USD per token. */
const PICO_PER_TOKEN = 1_000_000;
/** ... and USD per thousand requests, in pico-USD per request. */
const PICO_PER_REQUEST = 1_000_000_000;
const PICO_PER_NANO = 1000;

/**
 * A pricer: the override that is in force at the span's end, else the list of `@pydantic/genai-prices` that comes with the
 * installed version. It sums in integer pico-USD and rounds once, half up, to nano-USD. The sum is exact below 9 007 USD
 * per event. Above 1 000 USD an event is not priced (I5): its counters are absurd, and thousands of such would burst a sum.
 */
export function createPrice(overrides: Pick<PriceOverrides, "find"> = new PriceOverrides()): Price {
  const list = new PriceList();
  return (event) => {
    const { provider, model, serviceTier, endedAtMicros, inputTokens, eventType } = event;
    // Embeddings have no output; any other call whose output is unknown has an unknown price.
    const outputTokens = event.outputTokens ?? (eventType === "embedding" ? 0 : null);
    if (provider === null || model === null || inputTokens === null || outputTokens === null) return null;
    const prices =
      overrides.find(provider, model, serviceTier, endedAtMicros) ??
      (isListPriced(serviceTier) ? list.find(provider, model, endedAtMicros) : null);
    return prices === null ? null : sum(event, inputTokens, outputTokens, prices);
  };
}

function sum(event: Priceable, inputTokens: number, outputTokens: number, prices: ModelPrice): number | null {
  // The model is known and nothing at all is charged for it: free, e.g. the `:free` variants of OpenRouter.
  if (Object.keys(prices).length === 0) return 0;
  const perToken = (name: string): number | null => {
    const price = prices[name];
    return price === undefined ? null : Math.round(inForce(price, inputTokens) * PICO_PER_TOKEN);
  };
  const input = perToken("input_mtok");
  const output = perToken("output_mtok");
  if ((input === null && inputTokens > 0) || (output === null && outputTokens > 0)) return null;

  // Tokens of a class that is not priced apart are charged as plain input or output. Counts that contradict each other
  // are charged as they are said, but a class never becomes negative.
  const read = event.cacheReadTokens ?? 0;
  const write = event.cacheWriteTokens ?? 0;
  const parts = tokensByModality(event.detail);
  let pico = read * (perToken("cache_read_mtok") ?? input ?? 0) + write * (perToken("cache_write_mtok") ?? input ?? 0);
  let rest = Math.max(0, inputTokens - read - write);
  const charge = (tokens: number, price: number | null): void => {
    const charged = Math.min(tokens, rest);
    rest -= charged;
    pico += charged * (price ?? 0);
  };
  charge(parts.inputAudio, perToken("input_audio_mtok") ?? input);
  charge(parts.inputImage, perToken("input_image_mtok") ?? input);
  charge(rest, input);
  rest = outputTokens;
  charge(event.reasoningTokens ?? 0, perToken("output_reasoning_mtok") ?? output);
  charge(parts.outputAudio, perToken("output_audio_mtok") ?? output);
  charge(parts.outputImage, perToken("output_image_mtok") ?? output);
  charge(rest, output);
  const perRequest = prices["requests_kcount"];
  if (perRequest !== undefined) pico += Math.round(inForce(perRequest, inputTokens) * PICO_PER_REQUEST);
  const nano = Math.round(pico / PICO_PER_NANO);
  return nano > EVENT_AMOUNT_MAX ? null : nano;
}

/** A tiered price is that of the highest tier the whole input exceeds, for all of its tokens. */
function inForce(price: number | TieredPrices, inputTokens: number): number {
  if (typeof price === "number") return price;
  return price.tiers.reduce((best, tier) => (inputTokens > tier.start && tier.start >= best.start ? tier : best), {
    start: -1,
    price: price.base,
  }).price;
}
