import { calcPrice, type ModelPrice } from "@pydantic/genai-prices";
import { listedProvider, modelNames } from "./model-names.ts";

/** Entries kept; model names come from outside, so the memory for them is bounded. */
const REMEMBERED_MAX = 10_000;
const MICROS_PER_MINUTE = 60_000_000;

/**
 * The prices in force for a model at an instant, or null where the list does not know it. Finding a model in the list
 * takes about 25 us, more than the rest of the pipeline, so what was found is remembered. Prices that change with time do
 * so on whole minutes (start dates, hours of the day), so such a model is remembered per minute, any other for good.
 */
export class PriceList {
  readonly #remembered = new Map<string, ModelPrice | null | "by_minute">();

  find(provider: string, model: string, atMicros: number): ModelPrice | null {
    const name = `${provider}\n${model}`;
    const always = this.#remembered.get(name);
    if (always !== undefined && always !== "by_minute") return always;
    const minute = `${name}\n${Math.floor(atMicros / MICROS_PER_MINUTE)}`;
    const then = always === undefined ? undefined : this.#remembered.get(minute);
    if (then !== undefined && then !== "by_minute") return then;

    const found = lookUp(provider, model, new Date(Math.floor(atMicros / 1000)));
    const prices = found?.model_price ?? null;
    if (found !== null && Array.isArray(found.model.prices)) {
      this.#remember(name, "by_minute");
      this.#remember(minute, prices);
    } else this.#remember(name, prices);
    return prices;
  }

  #remember(key: string, prices: ModelPrice | null | "by_minute"): void {
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(key, prices);
  }
}

function lookUp(provider: string, model: string, timestamp: Date): ReturnType<typeof calcPrice> {
  const providerId = listedProvider(provider);
  for (const name of modelNames(provider, model)) {
    // No usage: only the lookup is wanted here, the sum is ours, in integers.
    const found = calcPrice({}, name, { providerId, timestamp });
    if (found !== null) return found;
  }
  return null;
}
