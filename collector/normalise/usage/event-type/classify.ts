import { RESOURCE_PATTERN } from "@quotel/conventions";
import type { AttributeValue } from "../../../decode/attributes.ts";
import { SPAN_KIND_SERVER, type DecodedSpan } from "../../../decode/decoded-span.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";
import { scopeCounts, type ProducerConfig } from "../producer.ts";
import { repeatsAnother } from "./nested-spans.ts";
import * as operations from "./operations.ts";

export type Classified =
  | { readonly kind: "counts"; readonly eventType: string }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string };

const OTHER_OPERATION: Classified = { kind: "ignored", reason: "other_operation" };
/** OTLP `SPAN_KIND_CLIENT`. */
const SPAN_KIND_CLIENT = 3;
const SENTRY_OP_PREFIX = "gen_ai.";

/**
 * Whether a span counts and as what. Decided by that span and its producer's configuration alone (I1): never by a parent
 * or child, which may come in another request or not at all.
 */
export function classify(span: DecodedSpan, slots: Slots, producer: ProducerConfig): Classified {
  const named = eventTypeOf(span, slots);
  if (named.kind !== "counts") return named;
  if (slots.get(SLOT.eventType) === undefined && repeatsAnother(span, slots, named.eventType)) {
    return { kind: "ignored", reason: "nested_span" };
  }
  if (isCountedElsewhere(slots)) return { kind: "ignored", reason: "counted_elsewhere" };
  return scopeCounts(span.scope.name, producer) ? named : { kind: "ignored", reason: "scope_not_counted" };
}

/**
 * Our instrumentation says so on spans of the app's own tracing, where it recorded the same call itself: they may come here
 * too, by any way. What names its event is that event, whoever else says what about it.
 */
function isCountedElsewhere(slots: Slots): boolean {
  if (slots.get(SLOT.eventType) !== undefined || slots.get(SLOT.resource) !== undefined) return false;
  return slots.get(SLOT.counted) === false;
}

/**
 * What kind of event a span is: what our own instrumentation or a caller of ours named; else a model call in some
 * vendor's words; else a server's HTTP request. Client and internal HTTP spans are somebody else's requests.
 */
function eventTypeOf(span: DecodedSpan, slots: Slots): Classified {
  const named = slots.get(SLOT.eventType);
  if (named !== undefined) {
    // An event type has the grammar of a resource: it ends up as a label in the same tables.
    if (typeof named === "string" && RESOURCE_PATTERN.test(named)) return { kind: "counts", eventType: named };
    return { kind: "rejected", reason: "invalid_event_type" };
  }
  if (slots.get(SLOT.resource) !== undefined) return { kind: "counts", eventType: "usage" };
  return modelCall(span, slots) ?? httpRequest(span, slots);
}

/** The first vendor's word that a span carries decides, the more exact ones first; null = no word about models at all. */
function modelCall(span: DecodedSpan, slots: Slots): Classified | null {
  const vercel = slots.get(SLOT.vercelOperation);
  if (typeof vercel === "string" && vercel.startsWith("ai.")) {
    // `operation.name` has the caller's function id behind a space.
    return typed(operations.VERCEL_OPERATIONS, vercel.split(" ", 1)[0]!);
  }
  const operation = slots.get(SLOT.operation);
  if (operation !== undefined) return typed(operations.GEN_AI_OPERATIONS, operation);
  return slots.get(SLOT.httpMethod) === undefined ? byOtherWords(span, slots) : null;
}

function byOtherWords(span: DecodedSpan, slots: Slots): Classified | null {
  const kind = slots.get(SLOT.openInferenceKind);
  if (kind !== undefined) return typed(operations.OPENINFERENCE_KINDS, kind);
  const observation = slots.get(SLOT.langfuseType);
  if (observation !== undefined) return typed(operations.LANGFUSE_TYPES, observation);
  const request = slots.get(SLOT.requestType);
  if (request !== undefined) return typed(operations.REQUEST_TYPES, request);
  const openlit = slots.get(SLOT.openlitType);
  if (openlit !== undefined) return typed(operations.GEN_AI_OPERATIONS, openlit);
  const sentry = slots.get(SLOT.sentryOp);
  if (typeof sentry === "string" && sentry.startsWith(SENTRY_OP_PREFIX)) {
    return typed(operations.GEN_AI_OPERATIONS, sentry.slice(SENTRY_OP_PREFIX.length));
  }
  if (slots.get(SLOT.traceloopKind) !== undefined) return OTHER_OPERATION;
  // Before OpenTelemetry 1.27 there was no operation: a call to a provider that brought tokens back.
  const answered = span.kind === SPAN_KIND_CLIENT && slots.get(SLOT.outputTokens) !== undefined;
  return answered && slots.get(SLOT.provider) !== undefined ? { kind: "counts", eventType: "chat" } : null;
}

function typed(vocabulary: operations.Vocabulary, word: AttributeValue): Classified {
  if (typeof word !== "string") return OTHER_OPERATION;
  const eventType = vocabulary.get(word) ?? vocabulary.get(word.toLowerCase());
  return eventType === undefined ? OTHER_OPERATION : { kind: "counts", eventType };
}

function httpRequest(span: DecodedSpan, slots: Slots): Classified {
  if (slots.get(SLOT.httpMethod) === undefined) return { kind: "ignored", reason: "no_usage" };
  if (span.kind !== SPAN_KIND_SERVER) return { kind: "ignored", reason: "not_a_server_span" };
  return { kind: "counts", eventType: "api_call" };
}
