import { createHash } from "node:crypto";

/** One OTLP/JSON trace request as plain objects; every 64-bit integer a string. */
export interface TraceRequest {
  readonly resourceSpans: readonly object[];
}

const MODELS = ["gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-sonnet-4-20250514", "gemini-2.5-pro"];
const ROUTES = ["/api/chat", "/api/chat/:id/messages", "/api/search", "/api/documents/:id"];
const BASE_NANOS = 1_790_000_000_000_000_000n;

/**
 * A batch as the JavaScript SDK's batch processor sends them: half HTTP server spans, half model calls, a fifth of those
 * embeddings. Of 500 tenants. The same seed gives the same spans, another one gives other ids.
 *
 * @param baseNanos Unix nanoseconds at about which the spans start
 */
export function realisticRequest(spanCount: number, seed: number, baseNanos = BASE_NANOS): TraceRequest {
  const spans = Array.from({ length: spanCount }, (_, index) => {
    const times = timesOf(baseNanos, seed, index);
    if (index % 2 === 0) return { ...times, ...serverSpan(seed, index) };
    return { ...times, ...(index % 10 === 9 ? embeddingSpan(seed, index) : chatSpan(seed, index)) };
  });
  return {
    resourceSpans: [
      {
        resource: {
          attributes: [
            text("service.name", "chat-api"),
            text("service.version", "2.14.1"),
            text("host.name", "ip-10-0-3-17.eu-central-1.compute.internal"),
            text("telemetry.sdk.language", "nodejs"),
            text("telemetry.sdk.version", "3.1.1"),
          ],
        },
        scopeSpans: [{ scope: { name: "@opentelemetry/instrumentation-http", version: "0.221.0" }, spans }],
      },
    ],
  };
}

function serverSpan(seed: number, index: number): object {
  return {
    ...base(seed, index, "POST /api/chat", 2),
    attributes: [
      text("http.request.method", "POST"),
      text("url.path", `/api/chat/${seed}${index}/messages`),
      text("url.scheme", "https"),
      text("server.address", "api.example.com"),
      integer("server.port", 443),
      text("network.peer.address", `10.0.${index % 250}.${seed % 250}`),
      integer("network.peer.port", 40_000 + index),
      text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"),
      text("network.protocol.version", "1.1"),
      text("http.route", ROUTES[index % ROUTES.length]!),
      integer("http.response.status_code", 200),
      text("quotel.tenant.id", tenant(seed, index)),
    ],
  };
}

function chatSpan(seed: number, index: number): object {
  const model = MODELS[index % MODELS.length]!;
  return {
    ...base(seed, index, `chat ${model}`, 3),
    attributes: [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.system", "openai"),
      text("gen_ai.request.model", model),
      text("gen_ai.response.model", model),
      text("gen_ai.response.id", `chatcmpl-${digest(seed, index).slice(0, 29)}`),
      { key: "gen_ai.response.finish_reasons", value: { arrayValue: { values: [{ stringValue: "stop" }] } } },
      { key: "gen_ai.request.temperature", value: { doubleValue: 0.7 } },
      integer("gen_ai.request.max_tokens", 1024),
      integer("gen_ai.usage.input_tokens", 800 + index),
      integer("gen_ai.usage.output_tokens", 120 + (seed % 50)),
      integer("gen_ai.usage.cache_read.input_tokens", 256),
      text("server.address", "api.openai.com"),
      integer("server.port", 443),
      text("quotel.tenant.id", tenant(seed, index)),
    ],
  };
}

function embeddingSpan(seed: number, index: number): object {
  return {
    ...base(seed, index, "embeddings text-embedding-3-small", 3),
    attributes: [
      text("gen_ai.operation.name", "embeddings"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.request.model", "text-embedding-3-small"),
      text("gen_ai.response.model", "text-embedding-3-small"),
      integer("gen_ai.usage.input_tokens", 300 + index),
      text("server.address", "api.openai.com"),
      integer("server.port", 443),
      text("quotel.tenant.id", tenant(seed, index)),
    ],
  };
}

/** A request's spans lie within a second, those of a thousand requests within a minute. */
function timesOf(baseNanos: bigint, seed: number, index: number): object {
  const start = baseNanos + BigInt(seed % 1_000) * 60_000_000n + BigInt(index) * 1_234_567n;
  return { startTimeUnixNano: String(start), endTimeUnixNano: String(start + 321_987_654n) };
}

function base(seed: number, index: number, name: string, kind: number): object {
  const hex = digest(seed, index);
  return {
    // Two spans, the request and its model call, share a trace.
    traceId: digest(seed, index >> 1).slice(0, 32),
    spanId: hex.slice(32, 48),
    parentSpanId: hex.slice(48, 64),
    flags: 257,
    name,
    kind,
    status: { code: 0 },
  };
}

function tenant(seed: number, index: number): string {
  return `tenant-${(seed * 7 + index) % 500}`;
}

function digest(seed: number, index: number): string {
  return createHash("sha256").update(`${seed}/${index}`).digest("hex");
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function integer(key: string, value: number): object {
  return { key, value: { intValue: value } };
}
