import { RESOURCE_PATTERN } from "@quotel/conventions";
import { SPAN_KIND_SERVER, type DecodedSpan } from "../../decode/decoded-span.ts";
import { NAMES } from "./attribute-names.ts";
import { first } from "./first-attribute.ts";

export type Classified =
  | { readonly kind: "counts"; readonly eventType: string }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string };

/** `gen_ai.operation.name` of one call to a model. `invoke_agent` and the like only wrap such calls and never count. */
const OPERATIONS: ReadonlyMap<string, string> = new Map([
  ["chat", "chat"],
  ["generate_content", "chat"],
  ["text_completion", "chat"],
  ["completion", "chat"],
  ["embeddings", "embedding"],
  ["embedding", "embedding"],
]);

/**
 * What kind of event a span is, if it is one: what our own instrumentation or a caller of ours named; else a model call
 * by the GenAI conventions; else a server's HTTP request. Client and internal HTTP spans are somebody else's requests.
 */
export function classify(span: DecodedSpan): Classified {
  const named = first(span.attributes, NAMES.eventType);
  if (named !== undefined) {
    // An event type has the grammar of a resource: it ends up as a label in the same tables.
    if (typeof named === "string" && RESOURCE_PATTERN.test(named)) return { kind: "counts", eventType: named };
    return { kind: "rejected", reason: "invalid_event_type" };
  }
  if (first(span.attributes, NAMES.resource) !== undefined) return { kind: "counts", eventType: "usage" };
  const operation = first(span.attributes, NAMES.operation);
  if (typeof operation === "string") {
    const eventType = OPERATIONS.get(operation.toLowerCase());
    return eventType === undefined ? { kind: "ignored", reason: "other_operation" } : { kind: "counts", eventType };
  }
  if (first(span.attributes, NAMES.httpMethod) === undefined) return { kind: "ignored", reason: "no_usage" };
  if (span.kind !== SPAN_KIND_SERVER) return { kind: "ignored", reason: "not_a_server_span" };
  return { kind: "counts", eventType: "api_call" };
}
