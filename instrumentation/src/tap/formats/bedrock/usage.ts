import type { TokenUsage } from "../../attempt/token-usage.ts";
import { sumOf } from "../fields.ts";

/** Bedrock's counts, under whichever names: its input leaves out what was read from and written to the cache. */
export function bedrockUsage(counts: {
  readonly input: number | undefined;
  readonly output: number | undefined;
  readonly cacheRead: number | undefined;
  readonly cacheWrite: number | undefined;
}): TokenUsage | null {
  const { input, output, cacheRead, cacheWrite } = counts;
  if (input === undefined && output === undefined) return null;
  return {
    ...(input !== undefined && { inputTokens: sumOf([input, cacheRead, cacheWrite]) ?? input }),
    outputTokens: output ?? 0,
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
  };
}
