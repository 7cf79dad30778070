import type { Load } from "../load/load.ts";
import { encode } from "../spans/otlp-encoder.ts";
import type { GeneratedMessage } from "../spans/otlp-encoder.ts";
import { realisticRequest } from "../spans/realistic-spans.ts";

export const SPANS_PER_REQUEST = 500;
export const REQUESTS_IN_FLIGHT = 16;
export const INGEST_KEY = "an-ingest-key-of-the-benchmark";

/** Rounds are that far apart in the seeds of their requests, so that no two share a span. */
const REQUESTS_PER_ROUND_MAX = 1_000;
/** Enough for requests that go around to differ in tenants and content. */
const ENDLESS_BODIES = 60;
const ENDLESS_TRACE_PREFIX = "71756f74656c2d62";

export interface Requests {
  readonly generated: GeneratedMessage;
  readonly collectorUrl: string;
  readonly tenantIds: readonly string[];
}

/** One round of OTLP requests, each sent once; no two rounds share a span. */
export function otlpRound(to: Requests, round: number, requests: number): Load {
  if (requests > REQUESTS_PER_ROUND_MAX) throw new Error(`at most ${REQUESTS_PER_ROUND_MAX} requests a round`);
  return { ...otlpLoad(to, round * REQUESTS_PER_ROUND_MAX, requests), renewed: null, until: "all_sent" };
}

/** OTLP requests at full speed for so long; every request's trace ids are new. */
export function endlessOtlp(to: Requests, forMs: number): Load {
  const placeholder = Buffer.from(ENDLESS_TRACE_PREFIX, "hex");
  return {
    ...otlpLoad(to, 0, ENDLESS_BODIES, ENDLESS_TRACE_PREFIX),
    renewed: { placeholder, by: "random_bytes" },
    until: forMs,
  };
}

function otlpLoad(
  { generated, collectorUrl, tenantIds }: Requests,
  firstSeed: number,
  requests: number,
  tracePrefix?: string,
): Omit<Load, "renewed" | "until"> {
  // Ended a minute and a half ago at most, and not in the future.
  const baseNanos = BigInt(Date.now() - 90_000) * 1_000_000n;
  const options = { baseNanos, tenantIds, ...(tracePrefix === undefined ? {} : { tracePrefix }) };
  return {
    url: `${collectorUrl}/v1/traces`,
    headers: { authorization: `Bearer ${INGEST_KEY}`, "content-type": "application/x-protobuf" },
    connections: REQUESTS_IN_FLIGHT,
    bodies: Array.from({ length: requests }, (_, index) =>
      encode(generated, realisticRequest(SPANS_PER_REQUEST, firstSeed + index, options)),
    ),
  };
}
