import type { Attributes } from "./attributes.ts";

/** Values of the OTLP enum `Span.SpanKind` and `Status.StatusCode` that decide something here. */
export const SPAN_KIND_SERVER = 2;
export const STATUS_CODE_ERROR = 2;

export interface DecodedScope {
  name: string;
  version: string;
}

/**
 * One span as it was sent: the fields metering needs, nothing judged yet. Both encodings give the same one.
 * A field the sender left out has its protobuf default ("" or 0).
 */
export interface DecodedSpan {
  /** Lower-case hex of whatever bytes were sent; not yet known to be 16 of them. */
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** W3C flags in the low byte; bits 8 and 9 say whether the parent is known to be remote, and is. */
  readonly flags: number;
  readonly kind: number;
  readonly name: string;
  /** Microseconds since the Unix epoch, the nanoseconds rounded down. */
  readonly startMicros: number;
  readonly endMicros: number;
  readonly statusCode: number;
  readonly attributes: Attributes;
  /** Shared by all spans of one resource. */
  readonly resource: Attributes;
  /** Shared by all spans of one scope. */
  readonly scope: Readonly<DecodedScope>;
}
