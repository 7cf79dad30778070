import { EVENT_TOKENS_MAX } from "@quotel/conventions";
import type { AttributeValue } from "../../../decode/attributes.ts";
import { integer } from "../attributes/integer.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";
import { langfuseCounters } from "./langfuse-usage.ts";
import type { SentCounters } from "./sent-counters.ts";
import { vercelMetadata } from "./vercel-metadata.ts";

const RAW: readonly number[] = [
  SLOT.inputTokens,
  SLOT.outputTokens,
  SLOT.cacheReadTokens,
  SLOT.cacheWriteTokens,
  SLOT.reasoningTokens,
  SLOT.totalTokens,
  SLOT.langfuseUsage,
];

/** Reads the counters of a span in whichever vendor's names; `"invalid"` = one of them is no count. */
export function countersOf(slots: Slots): SentCounters | "invalid" {
  const input = count(slots, SLOT.inputTokens);
  const output = count(slots, SLOT.outputTokens);
  if (input === null && output === null) {
    const inJson = langfuseCounters(slots);
    if (inJson !== null) return inJson;
  }
  const cacheRead = count(slots, SLOT.cacheReadTokens);
  const cacheWrite = count(slots, SLOT.cacheWriteTokens);
  const reasoning = count(slots, SLOT.reasoningTokens);
  if (
    input === "invalid" ||
    output === "invalid" ||
    cacheRead === "invalid" ||
    cacheWrite === "invalid" ||
    reasoning === "invalid"
  ) {
    return "invalid";
  }
  // A total is advice: a malformed one is as good as none.
  const claimedTotal = integer(slots.get(SLOT.totalTokens), 2 * EVENT_TOKENS_MAX);
  const total = claimedTotal === "invalid" ? null : claimedTotal;
  const metadata = slots.get(SLOT.vercelMetadata) === undefined ? null : vercelMetadata(slots, input);
  return {
    input,
    output,
    cacheRead: cacheRead ?? metadata?.cacheRead ?? null,
    cacheWrite: cacheWrite ?? metadata?.cacheWrite ?? null,
    reasoning: reasoning ?? metadata?.reasoning ?? null,
    total,
    semantics: slots.get(SLOT.vercelUncachedTokens) === undefined ? (metadata?.semantics ?? "unknown") : "inclusive",
    summed: false,
  };
}

/** The counters' attributes, name by name. Not on the hot path: asked only when they are to be kept. */
export function rawCounters(slots: Slots): (readonly [string, AttributeValue])[] {
  return RAW.map((slot) => slots.named(slot)).filter((entry) => entry !== undefined);
}

function count(slots: Slots, slot: number): number | null | "invalid" {
  return integer(slots.get(slot), EVENT_TOKENS_MAX);
}
