import {
  ATTR_QUOTEL_COUNTED,
  ATTR_QUOTEL_EVENT_SPAN_ID,
  ATTR_QUOTEL_TENANT_ID,
  QUOTEL_SCOPE_NAME,
} from "@quotel/conventions";

import { SCOPE_VERSION } from "../metering/meter.ts";
import { perProcess } from "../process/per-process.ts";
import type { ModelEventType } from "../tap/formats/wire-format.ts";
import { SPAN_KIND_CLIENT, SPAN_STATUS_ERROR, appTracer, idsOf, spanIn } from "./app-api.ts";
import type { AppContext, AppSpan, SpanAttributes } from "./app-api.ts";
import { isModelCallSpan } from "./model-call-span.ts";

/** A provider call as the app's own tracing is to show it. */
export interface TracedCall {
  readonly eventType: ModelEventType;
  readonly spanName: string;
  readonly tenantId: string | null;
  /** Span id of the record that counts the call. */
  readonly eventSpanId: string;
  /** What is known before the answer: samplers get to see it. */
  readonly attributes: SpanAttributes;
}

/** The app's span of a provider call. */
export interface CallSpan {
  /** Null: the span exists in name only. */
  readonly traceId: string | null;
  /** Ends it with what the answer said. Never throws. */
  end(attributes: SpanAttributes, failed: boolean): void;
}

/** Whether provider calls become spans of the app's own tracing, too (`QUOTEL_TRACE_SPANS`). */
export const callSpans = perProcess("call-spans", () => ({ on: true }));

/**
 * Shows a provider call in the app's own tracing: as a CLIENT span under the span of `context`, or, where that is another
 * instrumentation's span of the same call, by attributes on it. Either is marked as counted elsewhere, because the record of
 * the call does not depend on it. The span is not made active: the app's other spans keep their parents, and their sampling.
 *
 * Null: there is no span to end (no tracing, switched off by `QUOTEL_TRACE_SPANS`, or another's). Never throws, whatever the
 * app's sampler and span processors do.
 */
export function startCallSpan(call: TracedCall, context: AppContext | undefined): CallSpan | null {
  if (!callSpans().on) return null;
  try {
    const marks = marksOf(call);
    const active = spanIn(context);
    if (active !== undefined && isModelCallSpan(active, call.eventType)) {
      active.setAttributes(marks);
      return null;
    }
    const attributes = known({ ...call.attributes, ...marks });
    const span = appTracer(QUOTEL_SCOPE_NAME, SCOPE_VERSION)?.startSpan(
      call.spanName,
      { kind: SPAN_KIND_CLIENT, attributes },
      context,
    );
    if (span === undefined) return null;
    return { traceId: idsOf(span)?.traceId ?? null, end: (answer, failed) => end(span, answer, failed) };
  } catch {
    return null;
  }
}

function end(span: AppSpan, answer: SpanAttributes, failed: boolean): void {
  try {
    span.setAttributes(known(answer));
    if (failed) span.setStatus({ code: SPAN_STATUS_ERROR });
    span.end();
  } catch {
    // a span processor of the app's threw; the call is recorded all the same
  }
}

function marksOf({ tenantId, eventSpanId }: TracedCall): SpanAttributes {
  const marks = { [ATTR_QUOTEL_COUNTED]: false, [ATTR_QUOTEL_EVENT_SPAN_ID]: eventSpanId };
  return tenantId === null ? marks : { ...marks, [ATTR_QUOTEL_TENANT_ID]: tenantId };
}

/** Without undefined values: an SDK warns of them. */
function known(attributes: SpanAttributes): SpanAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
