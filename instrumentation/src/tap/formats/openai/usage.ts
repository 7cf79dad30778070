import type { TokenUsage } from "../../attempt/token-usage.ts";
import { count, fields } from "../fields.ts";
import type { Fields } from "../fields.ts";

/**
 * Reads a `usage` object, of chat completions (`prompt_tokens`, `completion_tokens`) or of the newer APIs (`input_tokens`,
 * `output_tokens`). Input includes cached tokens, output reasoning ones. Null if it names no count at all.
 *
 * What a total exceeds the two by is output that was generated and is not listed: xAI and Gemini leave reasoning out of
 * `completion_tokens`, embeddings have no completion at all.
 */
export function readUsage(usage: Fields): TokenUsage | null {
  const input = count(usage["prompt_tokens"]) ?? count(usage["input_tokens"]);
  const listed = count(usage["completion_tokens"]) ?? count(usage["output_tokens"]);
  const total = count(usage["total_tokens"]);
  const output = input !== undefined && total !== undefined && total >= input + (listed ?? 0) ? total - input : listed;
  if (input === undefined && output === undefined) return null;

  const inputDetails = fields(usage["prompt_tokens_details"] ?? usage["input_tokens_details"]);
  const outputDetails = fields(usage["completion_tokens_details"] ?? usage["output_tokens_details"]);
  const cacheRead = partOf(input, count(inputDetails["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"]));
  const cacheWrite = partOf(input, count(inputDetails["cache_write_tokens"]));
  const reasoning = partOf(output, count(outputDetails["reasoning_tokens"]));
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

/** More of a part than of the whole is nonsense and not passed on. */
function partOf(whole: number | undefined, part: number | undefined): number | undefined {
  return part !== undefined && part <= (whole ?? 0) ? part : undefined;
}
