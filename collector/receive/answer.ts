import type { ServerResponse } from "node:http";
import { CONTENT_TYPES, type Encoding } from "./encoding.ts";
import { delimitedField, varintField } from "./wire-writer.ts";

/** Codes of `google.rpc.Code` for the errors a receiver has. */
const RPC_CODES: Readonly<Record<number, number>> = {
  400: 3, // INVALID_ARGUMENT
  401: 16, // UNAUTHENTICATED
  404: 5, // NOT_FOUND
  405: 12, // UNIMPLEMENTED
  413: 8, // RESOURCE_EXHAUSTED
  415: 3, // INVALID_ARGUMENT
  503: 14, // UNAVAILABLE
};

/** What the receiver says to a request; `answer` puts it on the wire. */
export type Answer =
  | {
      readonly kind: "accepted";
      /** Spans that were refused one by one; the rest is committed. */
      readonly rejectedSpans: number;
      /** Why, for the sender's log; empty when none was rejected. */
      readonly message: string;
    }
  | {
      readonly kind: "error";
      readonly status: 400 | 401 | 404 | 405 | 413 | 415 | 503;
      readonly message: string;
      /** With 503: OTLP senders wait that long. Kept to 1..3, since the JavaScript exporter gives up beyond its timeout. */
      readonly retryAfterSeconds?: number;
      /** With 405. */
      readonly allow?: string;
    };

/** Sends an answer in the request's encoding: `ExportTraceServiceResponse`, or `google.rpc.Status` for errors. */
export function answer(response: ServerResponse, encoding: Encoding, said: Answer): void {
  const body = encoding === "protobuf" ? protobufBody(said) : Buffer.from(JSON.stringify(jsonBody(said)));
  response.statusCode = said.kind === "accepted" ? 200 : said.status;
  response.setHeader("content-type", CONTENT_TYPES[encoding]);
  response.setHeader("content-length", body.length);
  if (said.kind === "error") {
    if (said.retryAfterSeconds !== undefined) {
      response.setHeader("retry-after", Math.min(3, Math.max(1, Math.ceil(said.retryAfterSeconds))));
    }
    if (said.allow !== undefined) response.setHeader("allow", said.allow);
    if (said.status === 401) response.setHeader("www-authenticate", "Bearer");
  }
  response.end(body);
}

/** Empty on full success: OTLP wants `partial_success` unset then. */
function protobufBody(said: Answer): Buffer {
  if (said.kind === "error") {
    return Buffer.concat([varintField(1, RPC_CODES[said.status] ?? 2), delimitedField(2, Buffer.from(said.message))]);
  }
  if (said.rejectedSpans === 0) return Buffer.alloc(0);
  const partial = [varintField(1, said.rejectedSpans), delimitedField(2, Buffer.from(said.message))];
  return delimitedField(1, Buffer.concat(partial));
}

function jsonBody(said: Answer): object {
  if (said.kind === "error") return { code: RPC_CODES[said.status] ?? 2, message: said.message };
  if (said.rejectedSpans === 0) return {};
  // A 64-bit integer: proto3 JSON writes those as strings.
  return { partialSuccess: { rejectedSpans: String(said.rejectedSpans), errorMessage: said.message } };
}
