import { SPAN_KIND_SERVER, type DecodedSpan } from "../../../decode/decoded-span.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";

/** OTLP span flags: whether the sender knows where the parent is, and whether that is another process. */
const PARENT_REMOTENESS_KNOWN = 0x100;
const PARENT_IS_REMOTE = 0x200;

/** Scope of the spans of `@ai-sdk/otel` (AI SDK 7); it sets no version. */
const AI_SDK_OTEL_SCOPE = "gen_ai";
/** Scope of Next.js' own spans (packages/next/src/server/lib/trace/tracer.ts). */
const NEXT_SCOPE = "next.js";

/**
 * Whether a span, by its own testimony, repeats the usage of another one (I1). Frameworks that tell by the operation's
 * name are in `operations.ts`; these two do not.
 */
export function repeatsAnother(span: DecodedSpan, slots: Slots, eventType: string): boolean {
  if (eventType === "api_call") return isSecondServerSpan(span);
  return span.scope.name === AI_SDK_OTEL_SCOPE && eventType !== "chat" && isAiSdkRoot(span, slots, eventType);
}

/**
 * Next.js makes a SERVER span per request. It is the request's only one unless the HTTP server is instrumented as well:
 * then its parent is that one, in the same process. Where a sender's exporter is too old to tell, it counts.
 */
function isSecondServerSpan(span: DecodedSpan): boolean {
  return span.scope.name === NEXT_SCOPE && span.kind === SPAN_KIND_SERVER && parentIn(span) === "this process";
}

/**
 * `ai.embed` and `ai.rerank` make a root span and one child per request to the provider, alike in name, kind and
 * operation. The root can be known by one of two things: it has no parent in its process, or it has no usage
 * (`@ai-sdk/otel` since 1.0.75). Nothing in a root of an older version under another span tells it from its child:
 * those senders count embeddings twice until they upgrade. (Reranks carry no amount that could count twice.)
 */
function isAiSdkRoot(span: DecodedSpan, slots: Slots, eventType: string): boolean {
  if (span.parentSpanId === "" || parentIn(span) === "another process") return true;
  return eventType === "embedding" && slots.get(SLOT.inputTokens) === undefined;
}

function parentIn(span: DecodedSpan): "this process" | "another process" | "unknown" {
  if (span.parentSpanId === "" || (span.flags & PARENT_REMOTENESS_KNOWN) === 0) return "unknown";
  return (span.flags & PARENT_IS_REMOTE) === 0 ? "this process" : "another process";
}
