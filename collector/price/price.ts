import type { TieredPrices } from "@pydantic/genai-prices";
import type { UsageEvent } from "#database/record/usage-event";
import { UnitPrices } from "./unit-prices.ts";

/** What a price depends on. */
export type Priceable = Pick<
  UsageEvent,
  | "eventType"
  | "provider"
  | "model"
  | "endedAtMicros"
  | "inputTokens"
  | "outputTokens"
  | "cacheReadTokens"
  | "cacheWriteTokens"
  | "reasoningTokens"
>;

/** Prices an event: integer nano-USD, 0 only where the list says free, null = unknown or nothing to price (I6). */
export type Price = (event: Priceable) => number | null;

/** List prices are USD per million tokens, as good as always with at most six decimals: integers in pico-USD per token. */
const PICO_PER_TOKEN = 1_000_000;
/** ... and USD per thousand requests, in pico-USD per request. */
const PICO_PER_REQUEST = 1_000_000_000;
const PICO_PER_NANO = 1000;

/**
 * A pricer over the list of `@pydantic/genai-prices` that comes with the installed version. It sums in integer pico-USD
 * and rounds once, half up, to nano-USD. The sum is exact below 9 007 USD per event; above, a double's relative error of
 * 1e-16 applies, under one nano-USD.
 */
export function createPrice(): Price {
  const unitPrices = new UnitPrices();
  return (event) => {
    const { provider, model, inputTokens, eventType } = event;
    // Embeddings have no output; any other call whose output is unknown has an unknown price.
    const outputTokens = event.outputTokens ?? (eventType === "embedding" ? 0 : null);
    if (provider === null || model === null || inputTokens === null || outputTokens === null) return null;
    const prices = unitPrices.find(provider, model, event.endedAtMicros);
    if (prices === null) return null;
    // The list knows the model and charges nothing at all for it: free, e.g. the `:free` variants of OpenRouter.
    if (Object.keys(prices).length === 0) return 0;

    const perToken = (name: string): number | null => {
      const price = prices[name];
      return price === undefined ? null : Math.round(inForce(price, inputTokens) * PICO_PER_TOKEN);
    };
    const input = perToken("input_mtok");
    const output = perToken("output_mtok");
    if ((input === null && inputTokens > 0) || (output === null && outputTokens > 0)) return null;
    // Tokens of a class the list does not price apart are charged as plain input.
    const cacheRead = perToken("cache_read_mtok") ?? input ?? 0;
    const cacheWrite = perToken("cache_write_mtok") ?? input ?? 0;
    const reasoning = perToken("output_reasoning_mtok") ?? output ?? 0;
    const requests = prices["requests_kcount"];
    const readTokens = event.cacheReadTokens ?? 0;
    const writeTokens = event.cacheWriteTokens ?? 0;
    const reasoningTokens = Math.min(event.reasoningTokens ?? 0, outputTokens);
    const pico =
      (inputTokens - readTokens - writeTokens) * (input ?? 0) +
      readTokens * cacheRead +
      writeTokens * cacheWrite +
      (outputTokens - reasoningTokens) * (output ?? 0) +
      reasoningTokens * reasoning +
      (requests === undefined ? 0 : Math.round(inForce(requests, inputTokens) * PICO_PER_REQUEST));
    return Math.round(pico / PICO_PER_NANO);
  };
}

/** A tiered price is that of the highest tier the whole input exceeds, for all of its tokens. */
function inForce(price: number | TieredPrices, inputTokens: number): number {
  if (typeof price === "number") return price;
  return price.tiers.reduce((best, tier) => (inputTokens > tier.start && tier.start >= best.start ? tier : best), {
    start: -1,
    price: price.base,
  }).price;
}
