import type { DecodedSpan } from "../../decode/decoded-span.ts";

const HEX = /^[0-9a-f]+$/;
const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;
const NO_TRACE_ID = "0".repeat(TRACE_ID_DIGITS);
const NO_SPAN_ID = "0".repeat(SPAN_ID_DIGITS);
/** Year 2255, where whole microseconds stop being exact. A clock that says so is broken, not merely ahead. */
const INSTANT_MAX_MICROS = Number.MAX_SAFE_INTEGER;

/**
 * Why a span's ids are none, or null. Asked of every span, of use or not: a sender of logs or metrics to the traces URL
 * sends "spans" without ids, and has to hear of it.
 */
export function idProblem(span: DecodedSpan): "invalid_trace_id" | "invalid_span_id" | null {
  const { traceId, spanId } = span;
  if (traceId.length !== TRACE_ID_DIGITS || traceId === NO_TRACE_ID || !HEX.test(traceId)) return "invalid_trace_id";
  return spanId.length === SPAN_ID_DIGITS && spanId !== NO_SPAN_ID && HEX.test(spanId) ? null : "invalid_span_id";
}

/** Why a span's times cannot be accounted, or null. */
export function timeProblem(span: DecodedSpan): "no_end_time" | "invalid_end_time" | "ends_before_start" | null {
  if (span.endMicros === 0) return "no_end_time";
  if (span.endMicros > INSTANT_MAX_MICROS) return "invalid_end_time";
  return span.endMicros < span.startMicros ? "ends_before_start" : null;
}
