import type { IncomingMessage } from "node:http";
import { HEADER_SENT_AT } from "@quotel/conventions";
import type { Answer, Refusal } from "../answer.ts";
import { ByteLease } from "../byte-budget.ts";
import { encodingOf } from "../encoding.ts";
import { BUSY, NO_KEY, producerOf, sentAtOf } from "../endpoint.ts";
import { ingestInTime } from "../ingest-in-time.ts";
import type { ReceiverOptions } from "../receiver.ts";
import type { Signal } from "../signal.ts";
import { readBody, type Body } from "./body.ts";

/**
 * An export request by the OTLP/HTTP rules, the same for all signals. The key is checked before a byte of the body is
 * kept. Null = the sender went away. Rejects only for what the caller turns into 503.
 */
export async function receiveExport(
  request: IncomingMessage,
  signal: Signal,
  options: Pick<ReceiverOptions, "endpoint" | "onFault">,
): Promise<Answer | null> {
  const { endpoint } = options;
  if (request.method !== "POST") return refuse(405, "only POST is served here", { allow: "POST" });
  const producer = await producerOf(request.headers.authorization, endpoint);
  if (producer === null) return NO_KEY;
  const encoding = encodingOf(request.headers["content-type"]);
  if (encoding === null) return refuse(415, "Content-Type must be application/x-protobuf or application/json");
  const contentEncoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (contentEncoding !== "gzip" && contentEncoding !== "identity") {
    return refuse(415, "Content-Encoding must be gzip or absent");
  }

  const lease = new ByteLease(endpoint.budget);
  const body = await readBody(request, contentEncoding, endpoint.bodyBytesMax, lease);
  if (body.kind !== "body") {
    lease.release();
    return refuseBody(body, endpoint.bodyBytesMax);
  }
  const sentAtMicros = sentAtOf(request.headers[HEADER_SENT_AT]?.toString());
  return ingestInTime(options, signal, [body.bytes, encoding, producer, sentAtMicros], lease);
}

function refuseBody(body: Exclude<Body, { kind: "body" }>, bytesMax: number): Answer | null {
  if (body.kind === "aborted") return null;
  if (body.kind === "corrupt") return refuse(400, body.message);
  if (body.kind === "busy") return BUSY;
  return refuse(413, `the body is larger than ${bytesMax} bytes; send smaller batches`);
}

function refuse(status: Refusal["status"], message: string, more: { allow?: string } = {}): Refusal {
  return { kind: "error", status, message, ...more };
}
