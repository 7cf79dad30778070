/** Scalar values of attributes; numbers are finite. */
export type AttributeValue = string | number | boolean;

/**
 * One metered piece of work, as compact as it can be: no prompts, no bodies. Everything is fixed when the record is made, so
 * that every delivery of it has the same identity and the same bytes (I1).
 */
export interface UsageRecord {
  /** `quotel.event.type`, in the grammar of a resource. */
  readonly eventType: string;
  readonly spanName: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | null;
  /** Microseconds since the Unix epoch. */
  readonly startMicros: number;
  readonly endMicros: number;
  readonly status: "ok" | "failed" | "rate_limited";
  /** Null: unknown; the collector books it to the reserved tenant. */
  readonly tenantId: string | null;
  readonly reservationId: string | null;
  /** Undefined values are left out: unknown is not zero (I6). */
  readonly attributes: Readonly<Record<string, AttributeValue | undefined>>;
}
