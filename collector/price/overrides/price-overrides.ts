import type { ModelPrice } from "@pydantic/genai-prices";
import type { OverrideKey, OverridePrices, PriceOverride } from "#database/prices/price-override";

/** What a key charges over time: each step holds until the next; null = the price list decides. */
interface Timeline extends OverrideKey {
  readonly steps: { readonly fromMicros: number; readonly prices: ModelPrice | null }[];
}

/** Entries kept; model names come from outside, so the memory for them is bounded. */
const REMEMBERED_MAX = 10_000;

/**
 * The overrides in force, by provider, model, service tier and instant. Where several match, the most specific decides: a
 * model's own name before a beginning of it, a longer beginning before a shorter one; then a named tier before any. One
 * that has not begun or has ended leaves it to the next.
 */
export class PriceOverrides {
  #timelines: readonly Timeline[] = [];
  readonly #matching = new Map<string, readonly Timeline[]>();

  /** @param overrides see `replace` */
  constructor(overrides: readonly PriceOverride[] = []) {
    this.replace(overrides);
  }

  /** Takes what is known now, ascending by instant within a key. */
  replace(overrides: readonly PriceOverride[]): void {
    this.#timelines = timelinesOf(overrides);
    this.#matching.clear();
  }

  /** Null = no override is in force. */
  find(provider: string, model: string, serviceTier: string | null, atMicros: number): ModelPrice | null {
    if (this.#timelines.length === 0) return null;
    for (const { steps } of this.#matchingOf(provider, model, serviceTier)) {
      const prices = steps.findLast(({ fromMicros }) => fromMicros <= atMicros)?.prices;
      if (prices) return prices;
    }
    return null;
  }

  #matchingOf(provider: string, model: string, serviceTier: string | null): readonly Timeline[] {
    const key = `${provider}\n${model}\n${serviceTier ?? ""}`;
    let matching = this.#matching.get(key);
    if (matching === undefined) {
      const name = model.toLowerCase();
      matching = this.#timelines.filter(
        (it) =>
          it.provider === provider &&
          (it.serviceTier === null || it.serviceTier === serviceTier) &&
          (it.model === name || (it.model.endsWith("*") && name.startsWith(it.model.slice(0, -1)))),
      );
      if (this.#matching.size >= REMEMBERED_MAX) this.#matching.clear();
      this.#matching.set(key, matching);
    }
    return matching;
  }
}

/** Most specific first. */
function timelinesOf(overrides: readonly PriceOverride[]): Timeline[] {
  const timelines = new Map<string, Timeline>();
  for (const { provider, model, serviceTier, validFromMs, prices } of overrides) {
    const key = `${provider}\n${model}\n${serviceTier ?? ""}`;
    let timeline = timelines.get(key);
    if (timeline === undefined) timelines.set(key, (timeline = { provider, model, serviceTier, steps: [] }));
    timeline.steps.push({ fromMicros: validFromMs * 1000, prices: prices === null ? null : listed(prices) });
  }
  return [...timelines.values()].sort(
    (a, b) =>
      Number(a.model.endsWith("*")) - Number(b.model.endsWith("*")) ||
      b.model.length - a.model.length ||
      Number(a.serviceTier === null) - Number(b.serviceTier === null),
  );
}

/** In the words and units of the price list, so that one sum serves both. */
function listed({ input, output, cacheRead, cacheWrite, reasoning, perRequest }: OverridePrices): ModelPrice {
  const prices: ModelPrice = {};
  if (input !== null) prices["input_mtok"] = input;
  if (output !== null) prices["output_mtok"] = output;
  if (cacheRead !== null) prices["cache_read_mtok"] = cacheRead;
  if (cacheWrite !== null) prices["cache_write_mtok"] = cacheWrite;
  if (reasoning !== null) prices["output_reasoning_mtok"] = reasoning;
  if (perRequest !== null) prices["requests_kcount"] = perRequest * 1000;
  return prices;
}
