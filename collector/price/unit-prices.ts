import { calcPrice, type ModelPrice } from "@pydantic/genai-prices";

/** The price list's own provider ids, where they differ from OpenTelemetry's names. */
const LISTED_AS: ReadonlyMap<string, string> = new Map([
  ["aws.bedrock", "aws"],
  ["azure.ai.openai", "azure"],
  ["azure.ai.inference", "azure"],
  ["gcp.gemini", "google"],
  ["gcp.gen_ai", "google"],
  ["gcp.vertex_ai", "google"],
  ["mistral_ai", "mistral"],
  ["moonshot_ai", "moonshotai"],
  ["x_ai", "x-ai"],
]);

/** Entries kept; model names come from outside, so the memory for them is bounded. */
const REMEMBERED_MAX = 10_000;
const MICROS_PER_MINUTE = 60_000_000;

/**
 * The prices in force for a model at an instant, or null where the list does not know it. Finding a model in the list
 * takes about 25 us, more than the rest of the pipeline, so what was found is remembered. Prices that change with time do
 * so on whole minutes (start dates, hours of the day), so such a model is remembered per minute, any other for good.
 */
export class UnitPrices {
  readonly #remembered = new Map<string, ModelPrice | null | "by_minute">();

  find(provider: string, model: string, atMicros: number): ModelPrice | null {
    const name = `${provider}\n${model}`;
    const always = this.#remembered.get(name);
    if (always !== undefined && always !== "by_minute") return always;
    const minute = `${name}\n${Math.floor(atMicros / MICROS_PER_MINUTE)}`;
    const then = always === undefined ? undefined : this.#remembered.get(minute);
    if (then !== undefined && then !== "by_minute") return then;

    // No usage: only the lookup is wanted here, the sum is ours, in integers.
    const found = calcPrice({}, model, {
      providerId: LISTED_AS.get(provider) ?? provider,
      timestamp: new Date(Math.floor(atMicros / 1000)),
    });
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
