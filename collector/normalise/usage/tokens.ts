import { EVENT_TOKENS_MAX, USAGE_SOURCES, type UsageSource } from "@quotel/conventions";
import type { UsageFlag } from "#database/record/usage-event";
import type { Attributes } from "../../decode/attributes.ts";
import { NAMES } from "./attribute-names.ts";
import { first } from "./first-attribute.ts";
import { integer } from "./integer.ts";

export type Tokens =
  | {
      readonly kind: "tokens";
      readonly inputTokens: number | null;
      readonly outputTokens: number | null;
      readonly cacheReadTokens: number | null;
      readonly cacheWriteTokens: number | null;
      readonly reasoningTokens: number | null;
      readonly usageSource: UsageSource | null;
      readonly flags: readonly UsageFlag[];
    }
  | { readonly kind: "rejected"; readonly reason: string };

const REJECTED: Tokens = { kind: "rejected", reason: "invalid_tokens" };
const NO_TOKENS: Tokens = tokens(null, null, null, null, null, null, []);

/**
 * What the model consumed: input includes what was read from or written to the cache, output includes reasoning, as in
 * OpenTelemetry since 1.40. Unknown stays null (I6).
 *
 * A producer whose cache tokens exceed its input reports them beside the input (Anthropic's way): they are added, and
 * the event is flagged `cache_exclusive`; never is anything clamped. Counts that contradict each other are flagged
 * `usage_conflict`.
 */
export function tokensOf(attributes: Attributes, eventType: string): Tokens {
  // Who names tokens as the resource has stated the amount: counting the attributes as well would count it twice.
  const named = first(attributes, NAMES.resource);
  if (named === "tokens" || named === "embedding_tokens") return NO_TOKENS;
  const input = integer(first(attributes, NAMES.inputTokens), EVENT_TOKENS_MAX);
  const output = integer(first(attributes, NAMES.outputTokens), EVENT_TOKENS_MAX);
  const cacheRead = integer(first(attributes, NAMES.cacheReadTokens), EVENT_TOKENS_MAX);
  const cacheWrite = integer(first(attributes, NAMES.cacheWriteTokens), EVENT_TOKENS_MAX);
  const reasoning = integer(first(attributes, NAMES.reasoningTokens), EVENT_TOKENS_MAX);
  const total = integer(first(attributes, NAMES.totalTokens), 2 * EVENT_TOKENS_MAX);
  if (
    input === "invalid" ||
    output === "invalid" ||
    cacheRead === "invalid" ||
    cacheWrite === "invalid" ||
    reasoning === "invalid"
  ) {
    return REJECTED;
  }

  const source = usageSource(attributes, eventType, input !== null || output !== null);
  if (source === null) return NO_TOKENS;
  const flags: UsageFlag[] = [];
  if (contradicts(input, output, reasoning, total)) flags.push("usage_conflict");
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  if (input === null || cached <= input) {
    return tokens(input, output, cacheRead, cacheWrite, reasoning, source, flags);
  }
  if (input + cached > EVENT_TOKENS_MAX) return REJECTED;
  flags.push("cache_exclusive");
  return tokens(input + cached, output, cacheRead, cacheWrite, reasoning, source, flags);
}

/** `total` is advice: a malformed one is as good as none. */
function contradicts(
  input: number | null,
  output: number | null,
  reasoning: number | null,
  total: number | null | "invalid",
): boolean {
  if (output !== null && reasoning !== null && reasoning > output) return true;
  return typeof total === "number" && input !== null && total !== input + (output ?? 0);
}

/** What the sender says of its counts; else a model call's counts are the provider's, or there are none. */
function usageSource(attributes: Attributes, eventType: string, counted: boolean): UsageSource | null {
  const named = first(attributes, NAMES.usageSource);
  const known = USAGE_SOURCES.find((source) => source === named);
  if (known !== undefined) return known;
  if (counted) return "provider";
  return eventType === "chat" || eventType === "embedding" ? "none" : null;
}

function tokens(
  inputTokens: number | null,
  outputTokens: number | null,
  cacheReadTokens: number | null,
  cacheWriteTokens: number | null,
  reasoningTokens: number | null,
  source: UsageSource | null,
  flags: readonly UsageFlag[],
): Tokens {
  return {
    kind: "tokens",
    inputTokens,
    outputTokens,
    cacheReadTokens,
    cacheWriteTokens,
    reasoningTokens,
    usageSource: source,
    flags,
  };
}
