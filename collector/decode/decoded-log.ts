import type { Attributes, AttributeValue } from "./attributes.ts";
import type { DecodedScope } from "./decoded-span.ts";

/** One log record as it was sent, nothing judged yet; both encodings give the same one. */
export interface DecodedLog {
  /** `event_name`, or "" when the record is no event. */
  readonly eventName: string;
  /** Microseconds since the Unix epoch, the nanoseconds rounded down; 0 = not sent. */
  readonly timeMicros: number;
  readonly observedMicros: number;
  readonly severity: number;
  /** The body when it is a scalar, else null. */
  readonly body: AttributeValue | null;
  /** Lower-case hex; "" when the record belongs to no span. */
  readonly traceId: string;
  readonly spanId: string;
  /** Arrays and maps are canonical JSON texts where the reader's `KeyTable` asks for them. */
  readonly attributes: Attributes;
  /** Shared by all records of one resource. */
  readonly resource: Attributes;
  /** Shared by all records of one scope. */
  readonly scope: Readonly<DecodedScope>;
}
