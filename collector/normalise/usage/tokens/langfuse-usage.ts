import { EVENT_TOKENS_MAX } from "@quotel/conventions";
import { integer } from "../attributes/integer.ts";
import { jsonObject, scalarOf, type JsonObject } from "../attributes/json-object.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";
import type { SentCounters } from "./sent-counters.ts";

const CACHE_READ = ["input_cached_tokens", "input_cache_read", "cache_read_input_tokens", "cached_tokens"];
const CACHE_WRITE = [
  "input_cache_creation",
  "input_cache_creation_5m",
  "input_cache_creation_1h",
  "input_cache_write",
  "cache_creation_input_tokens",
  "cache_write_tokens",
];
const REASONING = ["output_reasoning_tokens", "output_reasoning"];
/** OpenAI's own names, which Langfuse takes as well: totals, not buckets. */
const OPENAI_INPUT = ["prompt_tokens", "promptTokens"];
const OPENAI_OUTPUT = ["completion_tokens", "completionTokens"];

/**
 * `langfuse.observation.usage_details`: a JSON object of buckets that exclude one another (`input`, `input_cached_tokens`,
 * `output`, `output_reasoning_tokens`, ...), so that input and output are sums (langfuse-js openai/src/parseOpenAI.ts).
 * Null where there is none, or nothing in it that we know.
 */
export function langfuseCounters(slots: Slots): SentCounters | "invalid" | null {
  const usage = jsonObject(slots.get(SLOT.langfuseUsage));
  if (usage === null) return null;
  const buckets = bucketsOf(usage);
  if (buckets === "invalid") return "invalid";
  const cacheRead = sumOf(buckets, (name) => CACHE_READ.includes(name));
  const cacheWrite = sumOf(buckets, (name) => CACHE_WRITE.includes(name));
  const input = sumOf(buckets, (name) => OPENAI_INPUT.includes(name)) ?? sumOf(buckets, isInput);
  const output =
    sumOf(buckets, (name) => OPENAI_OUTPUT.includes(name)) ?? sumOf(buckets, (name) => name.startsWith("output"));
  if (input === null && output === null) return null;
  if ((input ?? 0) > EVENT_TOKENS_MAX || (output ?? 0) > EVENT_TOKENS_MAX) return "invalid";
  return {
    input,
    output,
    cacheRead,
    cacheWrite,
    reasoning: sumOf(buckets, (name) => REASONING.includes(name)),
    total: buckets.get("total") ?? null,
    semantics: "inclusive",
    summed: input !== (buckets.get("input") ?? input) || output !== (buckets.get("output") ?? output),
  };
}

function isInput(name: string): boolean {
  return name.startsWith("input") || CACHE_READ.includes(name) || CACHE_WRITE.includes(name);
}

function bucketsOf(usage: JsonObject): ReadonlyMap<string, number> | "invalid" {
  const buckets = new Map<string, number>();
  for (const name of Object.keys(usage)) {
    const amount = integer(scalarOf(usage, name), 2 * EVENT_TOKENS_MAX);
    // Buckets of another unit (seconds, images) are the app's own business.
    if (amount === "invalid" && (isInput(name) || name.startsWith("output"))) return "invalid";
    if (typeof amount === "number") buckets.set(name, amount);
  }
  return buckets;
}

/** The sum of the buckets that `isOne` names; null = there is none. */
function sumOf(buckets: ReadonlyMap<string, number>, isOne: (name: string) => boolean): number | null {
  let sum: number | null = null;
  for (const [name, amount] of buckets) if (isOne(name)) sum = (sum ?? 0) + amount;
  return sum;
}
