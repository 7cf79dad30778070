import { EVENT_TOKENS_MAX, USAGE_SOURCES, type UsageSource } from "@quotel/conventions";
import type { UsageEvent, UsageFlag } from "#database/record/usage-event";
import type { AttributeValue } from "../../../decode/attributes.ts";
import type { DecodedScope } from "../../../decode/decoded-span.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";
import { cacheSemanticsOf } from "./cache-semantics.ts";
import { countersOf, rawCounters } from "./counters.ts";
import type { SentCounters } from "./sent-counters.ts";

export type TokenCounts = Pick<
  UsageEvent,
  "inputTokens" | "outputTokens" | "cacheReadTokens" | "cacheWriteTokens" | "reasoningTokens" | "usageSource"
>;

export type Tokens =
  | {
      readonly kind: "tokens";
      readonly counts: TokenCounts;
      readonly flags: readonly UsageFlag[];
      /** The counters as sent, where the counts differ from them or contradict each other; else null. */
      readonly raw: readonly (readonly [string, AttributeValue])[] | null;
    }
  | { readonly kind: "rejected"; readonly reason: string };

const REJECTED: Tokens = { kind: "rejected", reason: "invalid_tokens" };
const NO_FLAGS: readonly UsageFlag[] = [];
const NO_TOKENS: Tokens = {
  kind: "tokens",
  counts: {
    inputTokens: null,
    outputTokens: null,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: null,
  },
  flags: NO_FLAGS,
  raw: null,
};

/**
 * What the model consumed: input includes what was read from or written to the cache, output includes reasoning, as in
 * OpenTelemetry since 1.40. Unknown stays null (I6).
 *
 * Whose counters exclude the cache (known of the producer, or proven by the numbers) has it added, flagged
 * `cache_exclusive`; reasoning that only a total shows to be excluded likewise, `reasoning_exclusive`. Nothing is ever
 * clamped; numbers that contradict each other are flagged `usage_conflict`. Either way the raw counters are kept.
 */
export function tokensOf(
  slots: Slots,
  scope: Readonly<DecodedScope>,
  provider: string | null,
  eventType: string,
): Tokens {
  // Who names tokens as the resource has stated the amount: counting the attributes as well would count it twice.
  const named = slots.get(SLOT.resource);
  if (named === "tokens" || named === "embedding_tokens") return NO_TOKENS;
  const counters = countersOf(slots);
  if (counters === "invalid") return REJECTED;
  const usageSource = usageSourceOf(slots, eventType, counters.input !== null || counters.output !== null);
  if (usageSource === null) return NO_TOKENS;

  const cacheApart = cacheIsApart(counters, scope, provider);
  const inputTokens = cacheApart ? (counters.input ?? 0) + cached(counters) : counters.input;
  const reasoningApart = reasoningIsApart(counters, inputTokens);
  const outputTokens = reasoningApart ? (counters.output ?? 0) + (counters.reasoning ?? 0) : counters.output;
  if ((inputTokens ?? 0) > EVENT_TOKENS_MAX || (outputTokens ?? 0) > EVENT_TOKENS_MAX) return REJECTED;
  const conflict = contradicts(counters, inputTokens, outputTokens);
  const changed = inputTokens !== counters.input || outputTokens !== counters.output || counters.summed;

  return {
    kind: "tokens",
    counts: {
      inputTokens,
      outputTokens,
      cacheReadTokens: counters.cacheRead,
      cacheWriteTokens: counters.cacheWrite,
      reasoningTokens: counters.reasoning,
      usageSource,
    },
    flags: cacheApart || reasoningApart || conflict ? flagsOf(conflict, cacheApart, reasoningApart) : NO_FLAGS,
    raw: changed || conflict ? rawCounters(slots) : null,
  };
}

function cached({ cacheRead, cacheWrite }: SentCounters): number {
  return (cacheRead ?? 0) + (cacheWrite ?? 0);
}

/** More cached tokens than input, or a total that is only right with both, leave no other reading of any producer. */
function cacheIsApart(counters: SentCounters, scope: Readonly<DecodedScope>, provider: string | null): boolean {
  const apart = cached(counters);
  if (counters.input === null || apart === 0) return false;
  if (apart > counters.input) return true;
  const known = counters.semantics === "unknown" ? cacheSemanticsOf(scope, provider) : counters.semantics;
  if (known !== "unknown") return known === "exclusive";
  return counters.total === counters.input + (counters.output ?? 0) + apart;
}

/** Gemini's way, which the AI SDK 4 and 5 passed on: thinking tokens beside the candidates', and both in the total. */
function reasoningIsApart({ output, reasoning, total }: SentCounters, inputTokens: number | null): boolean {
  if (!reasoning || output === null || inputTokens === null) return false;
  return total === inputTokens + output + reasoning;
}

/** A sender's total may count what its other counters do, or everything. */
function contradicts(counters: SentCounters, inputTokens: number | null, outputTokens: number | null): boolean {
  const { input, output, reasoning, total } = counters;
  if (outputTokens !== null && reasoning !== null && reasoning > outputTokens) return true;
  if (total === null || inputTokens === null) return false;
  return total !== inputTokens + (outputTokens ?? 0) && total !== (input ?? 0) + (output ?? 0);
}

function flagsOf(conflict: boolean, cacheApart: boolean, reasoningApart: boolean): UsageFlag[] {
  const flags: UsageFlag[] = [];
  if (conflict) flags.push("usage_conflict");
  if (cacheApart) flags.push("cache_exclusive");
  if (reasoningApart) flags.push("reasoning_exclusive");
  return flags;
}

/** What the sender says of its counts; else a model call's counts are the provider's, or there are none. */
function usageSourceOf(slots: Slots, eventType: string, counted: boolean): UsageSource | null {
  const named = slots.get(SLOT.usageSource);
  if (named !== undefined) {
    const known = USAGE_SOURCES.find((source) => source === named);
    if (known !== undefined) return known;
  }
  if (counted) return "provider";
  return eventType === "chat" || eventType === "embedding" ? "none" : null;
}
