import type { Load } from "../load/load.ts";
import { encode } from "../spans/otlp-encoder.ts";
import type { GeneratedMessage } from "../spans/otlp-encoder.ts";
import { realisticRequest } from "../spans/realistic-spans.ts";

export const SPANS_PER_REQUEST = 500;
export const REQUESTS_IN_FLIGHT = 16;
export const INGEST_KEY = "an-ingest-key-of-the-benchmark";

/** One round of OTLP requests, each sent once; no two rounds share a span. */
export function otlpLoad(generated: GeneratedMessage, collectorUrl: string, round: number, requests: number): Load {
  // Ended a minute and a half ago at most, and not in the future.
  const baseNanos = BigInt(Date.now() - 90_000) * 1_000_000n;
  return {
    url: `${collectorUrl}/v1/traces`,
    headers: { authorization: `Bearer ${INGEST_KEY}`, "content-type": "application/x-protobuf" },
    connections: REQUESTS_IN_FLIGHT,
    bodies: Array.from({ length: requests }, (_, index) =>
      encode(generated, realisticRequest(SPANS_PER_REQUEST, round * 1_000 + index, baseNanos)),
    ),
    idPlaceholder: null,
    until: "all_sent",
  };
}
