/**
 * Names of the tier that list prices are for: `auto` and `on_demand` are what OpenAI, Groq and Vertex AI call a request
 * that chose nothing else.
 */
const STANDARD: ReadonlySet<string> = new Set(["default", "standard", "auto", "on_demand"]);

/**
 * Whether a provider charges its list price for a service tier; null = none was named. The list has one price per model,
 * so what was served as `flex`, `batch`, `priority`, `scale` or whatever comes next has an unknown price (I6): it costs
 * less or more, and only an override says how much.
 */
export function isListPriced(serviceTier: string | null): boolean {
  return serviceTier === null || STANDARD.has(serviceTier);
}
