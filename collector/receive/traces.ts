import type { IncomingMessage } from "node:http";
import type { Producer } from "../record/recorder.ts";
import type { Answer } from "./answer.ts";
import { BodyLease, readBody, type Body } from "./body.ts";
import type { ByteBudget } from "./byte-budget.ts";
import { encodingOf, type Encoding } from "./encoding.ts";

/** What stands behind the endpoint. */
export interface TracesEndpoint {
  /** Null = no such key. Rejects when the keys cannot be read. */
  readonly authenticate: (bearerToken: string) => Promise<Producer | null>;
  /** Takes a whole request through the pipeline; resolves when what it accepts is committed. */
  readonly ingest: (bytes: Uint8Array, encoding: Encoding, producer: Producer) => Promise<Answer>;
  readonly bodyBytesMax: number;
  readonly budget: ByteBudget;
}

/**
 * `POST /v1/traces` by the OTLP/HTTP rules. The key is checked before a byte of the body is kept. Null = the sender went
 * away. Rejects only for what the caller turns into 503.
 */
export async function receiveTraces(request: IncomingMessage, endpoint: TracesEndpoint): Promise<Answer | null> {
  if (request.method !== "POST") return refuse(405, "only POST is served here", { allow: "POST" });
  const producer = await producerOf(request, endpoint);
  if (producer === null) return refuse(401, "a valid ingest key is needed: Authorization: Bearer <key>");
  const encoding = encodingOf(request.headers["content-type"]);
  if (encoding === null) return refuse(415, "Content-Type must be application/x-protobuf or application/json");
  const contentEncoding = request.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (contentEncoding !== "gzip" && contentEncoding !== "identity") {
    return refuse(415, "Content-Encoding must be gzip or absent");
  }

  const lease = new BodyLease(endpoint.budget);
  try {
    const body = await readBody(request, contentEncoding, endpoint.bodyBytesMax, lease);
    if (body.kind !== "body") return refuseBody(body, endpoint.bodyBytesMax);
    return await endpoint.ingest(body.bytes, encoding, producer);
  } finally {
    lease.release();
  }
}

function refuseBody(body: Exclude<Body, { kind: "body" }>, bytesMax: number): Answer | null {
  if (body.kind === "aborted") return null;
  if (body.kind === "corrupt") return refuse(400, body.message);
  if (body.kind === "busy") return refuse(503, "too many bytes in flight", { retryAfterSeconds: 1 });
  return refuse(413, `the body is larger than ${bytesMax} bytes; send smaller batches`);
}

/** RFC 6750: the scheme's case does not matter. */
async function producerOf(request: IncomingMessage, endpoint: TracesEndpoint): Promise<Producer | null> {
  const token = /^bearer +(\S+) *$/i.exec(request.headers.authorization ?? "")?.[1];
  return token === undefined ? null : endpoint.authenticate(token);
}

function refuse(
  status: Extract<Answer, { kind: "error" }>["status"],
  message: string,
  more: { allow?: string; retryAfterSeconds?: number } = {},
): Answer {
  return { kind: "error", status, message, ...more };
}
