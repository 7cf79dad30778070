import { EVENT_AMOUNT_MAX, EVENT_TOKENS_MAX, RESOURCE_PATTERN } from "@quotel/conventions";
import type { UsageStatus } from "#database/record/usage-event";
import { integer } from "./attributes/integer.ts";
import { SLOT, type Slots } from "./attributes/slots.ts";

export type Quantity =
  | { readonly kind: "quantity"; readonly resource: string | null; readonly amount: number }
  | { readonly kind: "rejected"; readonly reason: string };

/** What an event of each type counts as one of. */
const RESOURCE_OF: ReadonlyMap<string, string> = new Map([
  ["chat", "chat_messages"],
  ["embedding", "embeddings"],
  ["api_call", "api_calls"],
  ["search", "searches"],
  ["kb_ingest", "kb_ingests"],
]);

/**
 * What is consumed and cannot be given back: negative amounts are refused. Of everything else (what a tenant holds, like
 * `storage_bytes`, and whatever the app declares) less is as good a report as more (R6).
 */
const CONSUMED: ReadonlySet<string> = new Set([
  "tokens",
  "api_calls",
  "chat_messages",
  "embeddings",
  "embedding_tokens",
  "searches",
  "kb_ingests",
  "agent_minutes",
  "cost",
]);

/** Token resources have the cap of token counts (I5). */
const AMOUNT_CAP: ReadonlyMap<string, number> = new Map([
  ["tokens", EVENT_TOKENS_MAX],
  ["embedding_tokens", EVENT_TOKENS_MAX],
]);

const MICROS_PER_MINUTE = 60_000_000;

/**
 * The resource an event consumes and how much: the one its sender names with `quotel.resource` and `quotel.amount`, else
 * one of what its type counts. Failed work counts 0, except that a server's request was made however it ended; refused
 * work always counts 0. Minutes without an amount are those the span took, every started one, at least one.
 */
export function quantityOf(slots: Slots, eventType: string, status: UsageStatus, durationMicros: number): Quantity {
  const named = slots.get(SLOT.resource);
  if (named === undefined) {
    const resource = RESOURCE_OF.get(eventType) ?? null;
    const counts = status === "ok" || (status === "failed" && eventType === "api_call");
    return { kind: "quantity", resource, amount: resource !== null && counts ? 1 : 0 };
  }
  if (typeof named !== "string" || !RESOURCE_PATTERN.test(named)) {
    return { kind: "rejected", reason: "invalid_resource" };
  }
  const max = AMOUNT_CAP.get(named) ?? EVENT_AMOUNT_MAX;
  const sent = integer(slots.get(SLOT.amount), max, CONSUMED.has(named) ? 0 : -max);
  const amount = sent === null && named === "agent_minutes" ? startedMinutes(durationMicros) : sent;
  if (typeof amount !== "number") return { kind: "rejected", reason: "invalid_amount" };
  return { kind: "quantity", resource: named, amount: status === "rate_limited" ? 0 : amount };
}

/** Null where the span does not say when it began. */
function startedMinutes(durationMicros: number): number | null {
  return durationMicros === 0 ? null : Math.ceil(durationMicros / MICROS_PER_MINUTE);
}
