import { EVENT_AMOUNT_MAX, EVENT_TOKENS_MAX, RESOURCE_PATTERN } from "@quotel/conventions";
import type { UsageStatus } from "#database/record/usage-event";
import type { Attributes } from "../../decode/attributes.ts";
import { NAMES } from "./attribute-names.ts";
import { first } from "./first-attribute.ts";
import { integer } from "./integer.ts";

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

/** Token resources have the cap of token counts (I5). */
const AMOUNT_CAP: ReadonlyMap<string, number> = new Map([
  ["tokens", EVENT_TOKENS_MAX],
  ["embedding_tokens", EVENT_TOKENS_MAX],
]);

/**
 * The resource an event consumes and how much: the one its sender names with `quotel.resource` and `quotel.amount`, else
 * one of what its type counts. Failed work counts 0, except that a server's request was made however it ended; refused
 * work always counts 0.
 */
export function quantityOf(attributes: Attributes, eventType: string, status: UsageStatus): Quantity {
  const named = first(attributes, NAMES.resource);
  if (named === undefined) {
    const resource = RESOURCE_OF.get(eventType) ?? null;
    const counts = status === "ok" || (status === "failed" && eventType === "api_call");
    return { kind: "quantity", resource, amount: resource !== null && counts ? 1 : 0 };
  }
  if (typeof named !== "string" || !RESOURCE_PATTERN.test(named)) {
    return { kind: "rejected", reason: "invalid_resource" };
  }
  const amount = integer(first(attributes, NAMES.amount), AMOUNT_CAP.get(named) ?? EVENT_AMOUNT_MAX);
  if (typeof amount !== "number") return { kind: "rejected", reason: "invalid_amount" };
  return { kind: "quantity", resource: named, amount: status === "rate_limited" ? 0 : amount };
}
