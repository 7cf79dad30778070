import type { Producer } from "../record/recorder.ts";
import type { Answer, Refusal } from "./answer.ts";
import type { ByteBudget } from "./byte-budget.ts";
import type { Encoding } from "./encoding.ts";
import type { Signal } from "./signal.ts";

/**
 * Takes a whole request of one signal through the pipeline; resolves when what it accepts is committed (I2).
 * `sentAtMicros` is what the sender's clock showed when it sent the request; null or absent = it did not say.
 */
export type Ingest = (
  bytes: Uint8Array,
  encoding: Encoding,
  producer: Producer,
  sentAtMicros?: number | null,
) => Promise<Answer>;

/** What stands behind both protocols. */
export interface Endpoint {
  /** Null = no such key. Rejects when the keys cannot be read. */
  readonly authenticate: (bearerToken: string) => Promise<Producer | null>;
  readonly ingest: Readonly<Record<Signal, Ingest>>;
  /** Whoever is not done by then is asked to come back; see `ingestInTime`. */
  readonly answerWithinMs: number;
  /** Told what each request is answered with; see `noteAnswer`. */
  readonly onAnswer: (answer: Answer) => void;
  /** A body's size, as sent and again when unpacked. */
  readonly bodyBytesMax: number;
  /** Shared by all requests in flight. */
  readonly budget: ByteBudget;
}

/** How long the sender should wait when a fault of ours stopped its request. */
const FAULT_RETRY_AFTER_SECONDS = 2;

export const NO_KEY: Refusal = {
  kind: "error",
  status: 401,
  message: "a valid ingest key is needed: Authorization: Bearer <key>",
};

export const BUSY: Refusal = { kind: "error", status: 503, message: "too many bytes in flight", retryAfterSeconds: 1 };

/** Never 500 or INTERNAL: OTLP senders drop what they sent on those, and a fault of ours may pass. */
export const FAULT: Refusal = {
  kind: "error",
  status: 503,
  message: "the collector cannot take this now",
  retryAfterSeconds: FAULT_RETRY_AFTER_SECONDS,
};

/** Tells of an answer. Whoever listens, and fails, does not cost the sender its answer. */
export function noteAnswer(
  answer: Answer,
  { endpoint, onFault }: { readonly endpoint: Endpoint; readonly onFault: (error: unknown) => void },
): void {
  try {
    endpoint.onAnswer(answer);
  } catch (error) {
    onFault(error);
  }
}

/** Whose key an `authorization` header or metadata entry holds. By RFC 6750 the scheme's case does not matter. */
export async function producerOf(authorization: string | undefined, endpoint: Endpoint): Promise<Producer | null> {
  const token = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return token === undefined ? null : endpoint.authenticate(token);
}

/** Microseconds of the header or metadata entry `HEADER_SENT_AT`; null where it is absent or no such number. */
export function sentAtOf(value: string | undefined): number | null {
  return value !== undefined && /^\d{16,19}$/.test(value) ? Math.floor(Number(value) / 1000) : null;
}
