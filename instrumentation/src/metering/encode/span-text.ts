/** The fields of a span beside its attributes. */
export interface SpanFields {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  readonly name: string;
  /** OTLP's number of the kind. */
  readonly kind: number;
  /** Microseconds since the Unix epoch. */
  readonly startMicros: number;
  readonly endMicros: number;
  readonly failed: boolean;
}

/** OTLP's status code of an error. */
const STATUS_ERROR = 2;

/** A span as OTLP/JSON, around attributes that are encoded already. */
export function spanText(span: SpanFields, attributes: string): string {
  const parent = span.parentSpanId === null ? "" : `,"parentSpanId":"${span.parentSpanId}"`;
  const status = span.failed ? `,"status":{"code":${STATUS_ERROR}}` : "";
  return (
    `{"traceId":"${span.traceId}","spanId":"${span.spanId}"${parent},"name":${JSON.stringify(span.name)},"kind":${span.kind}` +
    `,"startTimeUnixNano":"${span.startMicros}000","endTimeUnixNano":"${span.endMicros}000","attributes":${attributes}${status}}`
  );
}
