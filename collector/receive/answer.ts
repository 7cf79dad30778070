import type { Encoding } from "./encoding.ts";
import { SIGNALS, type Signal } from "./signal.ts";
import { delimitedField, varintField } from "./wire-writer.ts";

/** What the receiver says to a request, in words of OTLP/HTTP; gRPC has its own for the same. */
export type Answer =
  | {
      readonly kind: "accepted";
      /** Spans, data points or log records that were refused one by one; the rest is committed. */
      readonly rejected: number;
      /** Why, for the sender's log; empty when none was rejected. */
      readonly message: string;
    }
  | {
      readonly kind: "error";
      readonly status: ErrorStatus;
      readonly message: string;
      /** With 503: how long OTLP senders should wait; see `retrySeconds`. */
      readonly retryAfterSeconds?: number;
      /** With 405. */
      readonly allow?: string;
    };

export type Refusal = Extract<Answer, { kind: "error" }>;
type ErrorStatus = 400 | 401 | 404 | 405 | 413 | 415 | 503;

/** `google.rpc.Code` for each error, which is also the status of OTLP/gRPC. */
export const RPC_CODES: Readonly<Record<ErrorStatus, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3, // INVALID_ARGUMENT
  503: 14, // UNAVAILABLE
};

/** Kept to 1..3, since the JavaScript exporter gives up on a wait beyond its own timeout. Null = not to be retried. */
export function retrySeconds({ status, retryAfterSeconds }: Refusal): number | null {
  if (status !== 503) return null;
  return Math.min(3, Math.max(1, Math.ceil(retryAfterSeconds ?? 1)));
}

/** The answer's message in the request's encoding: `Export<Signal>ServiceResponse`, or `google.rpc.Status` for errors. */
export function answerBody(said: Answer, encoding: Encoding, signal: Signal): Buffer {
  if (encoding === "json") return Buffer.from(JSON.stringify(jsonOf(said, signal)));
  return said.kind === "error" ? statusMessage(said) : acceptedMessage(said);
}

/** `google.rpc.Status` without details. */
export function statusMessage({ status, message }: Refusal): Buffer {
  return Buffer.concat([varintField(1, RPC_CODES[status]), delimitedField(2, Buffer.from(message))]);
}

/** Empty on full success: OTLP wants `partial_success` unset then. */
function acceptedMessage({ rejected, message }: Extract<Answer, { kind: "accepted" }>): Buffer {
  if (rejected === 0) return Buffer.alloc(0);
  return delimitedField(1, Buffer.concat([varintField(1, rejected), delimitedField(2, Buffer.from(message))]));
}

function jsonOf(said: Answer, signal: Signal): object {
  if (said.kind === "error") return { code: RPC_CODES[said.status], message: said.message };
  if (said.rejected === 0) return {};
  // A 64-bit integer: proto3 JSON writes those as strings.
  return { partialSuccess: { [SIGNALS[signal].rejected]: String(said.rejected), errorMessage: said.message } };
}
