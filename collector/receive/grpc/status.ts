import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { retrySeconds, RPC_CODES, statusMessage, type Refusal } from "../answer.ts";
import { delimitedField, varintField } from "../wire-writer.ts";

/** Where gRPC carries a `google.rpc.Status` with more than code and message; the suffix makes it binary. */
const STATUS_DETAILS = "grpc-status-details-bin";
const RETRY_INFO = Buffer.from("type.googleapis.com/google.rpc.RetryInfo");

/**
 * A refusal as OTLP/gRPC wants it: UNAVAILABLE with a `RetryInfo` for what may be sent again, a code that senders drop on
 * for the rest. RESOURCE_EXHAUSTED without `RetryInfo` is such a code.
 */
export function grpcStatus(refusal: Refusal): StatusObject {
  const metadata = new Metadata();
  const seconds = retrySeconds(refusal);
  if (seconds !== null) {
    // Status.details = Any { type_url, value: RetryInfo { retry_delay: Duration { seconds } } }
    const retryInfo = delimitedField(1, varintField(1, seconds));
    const details = Buffer.concat([delimitedField(1, RETRY_INFO), delimitedField(2, retryInfo)]);
    metadata.set(STATUS_DETAILS, Buffer.concat([statusMessage(refusal), delimitedField(3, details)]));
  }
  // The status line is percent-encoded, which lone surrogates cannot be.
  return { code: RPC_CODES[refusal.status], details: refusal.message.toWellFormed(), metadata };
}
