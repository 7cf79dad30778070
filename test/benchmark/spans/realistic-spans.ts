import { createHash } from "node:crypto";

/** One OTLP/JSON trace request as plain objects; every 64-bit integer a string. */
export interface TraceRequest {
  readonly resourceSpans: readonly {
    readonly resource: object;
    readonly scopeSpans: readonly { readonly scope: object; readonly spans: readonly Span[] }[];
  }[];
}

export interface Span extends SpanIds, SpanContent {
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly flags: number;
  readonly status: object;
}

interface SpanIds {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
}

interface SpanContent {
  readonly name: string;
  readonly kind: number;
  readonly attributes: readonly object[];
}

const MODELS = ["gpt-4o-mini-2024-07-18", "gpt-4o-2024-08-06", "claude-sonnet-4-20250514", "gemini-2.5-pro"];
const ROUTES = ["/api/chat", "/api/chat/:id/messages", "/api/search", "/api/documents/:id"];
const BASE_NANOS = 1_790_000_000_000_000_000n;
/** Neighbouring requests are of other tenants, and of as many as there are. Odd: else a tenant would have one kind of span. */
const TENANTS_PASSED_PER_REQUEST = 507;

export interface SpanOptions {
  /** Unix nanoseconds at about which the spans start. */
  readonly baseNanos?: bigint;
  readonly tenantIds?: readonly string[];
  /** The first 8 bytes (16 hex digits) of every trace id. Default: other ones for every seed. */
  readonly tracePrefix?: string;
}

/** Ids of so many tenants. */
export function numberedTenants(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `tenant-${index}`);
}

const TENANT_IDS = numberedTenants(500);

/**
 * A batch as the JavaScript SDK's batch processor sends them: half HTTP server spans, half model calls, a fifth of those
 * embeddings; each span of another tenant as long as there are enough (default 500). The same seed gives the same spans,
 * another one gives other ids.
 */
export function realisticRequest(spanCount: number, seed: number, options: SpanOptions = {}): TraceRequest {
  const { baseNanos = BASE_NANOS, tenantIds = TENANT_IDS, tracePrefix = digest(String(seed)).slice(0, 16) } = options;
  const spans = Array.from({ length: spanCount }, (_, index): Span => {
    const tenantId = tenantIds[(seed * TENANTS_PASSED_PER_REQUEST + index) % tenantIds.length]!;
    const span =
      index % 2 === 0 ? serverSpan(seed, index) : index % 10 === 9 ? embeddingSpan(index) : chatSpan(seed, index);
    return {
      ...timesOf(baseNanos, seed, index),
      ...idsOf(tracePrefix, seed, index),
      ...span,
      flags: 257,
      status: { code: 0 },
      attributes: [...span.attributes, text("quotel.tenant.id", tenantId)],
    };
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

function serverSpan(seed: number, index: number): SpanContent {
  return {
    name: "POST /api/chat",
    kind: 2,
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
    ],
  };
}

function chatSpan(seed: number, index: number): SpanContent {
  const model = MODELS[index % MODELS.length]!;
  return {
    name: `chat ${model}`,
    kind: 3,
    attributes: [
      text("gen_ai.operation.name", "chat"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.system", "openai"),
      text("gen_ai.request.model", model),
      text("gen_ai.response.model", model),
      text("gen_ai.response.id", `chatcmpl-${digest(`${seed}/${index}`).slice(0, 29)}`),
      { key: "gen_ai.response.finish_reasons", value: { arrayValue: { values: [{ stringValue: "stop" }] } } },
      { key: "gen_ai.request.temperature", value: { doubleValue: 0.7 } },
      integer("gen_ai.request.max_tokens", 1024),
      integer("gen_ai.usage.input_tokens", 800 + index),
      integer("gen_ai.usage.output_tokens", 120 + (seed % 50)),
      integer("gen_ai.usage.cache_read.input_tokens", 256),
      text("server.address", "api.openai.com"),
      integer("server.port", 443),
    ],
  };
}

function embeddingSpan(index: number): SpanContent {
  return {
    name: "embeddings text-embedding-3-small",
    kind: 3,
    attributes: [
      text("gen_ai.operation.name", "embeddings"),
      text("gen_ai.provider.name", "openai"),
      text("gen_ai.request.model", "text-embedding-3-small"),
      text("gen_ai.response.model", "text-embedding-3-small"),
      integer("gen_ai.usage.input_tokens", 300 + index),
      text("server.address", "api.openai.com"),
      integer("server.port", 443),
    ],
  };
}

/** A request's spans lie within a second, those of a thousand requests within a minute. */
function timesOf(baseNanos: bigint, seed: number, index: number): Pick<Span, "startTimeUnixNano" | "endTimeUnixNano"> {
  const start = baseNanos + BigInt(seed % 1_000) * 60_000_000n + BigInt(index) * 1_234_567n;
  return { startTimeUnixNano: String(start), endTimeUnixNano: String(start + 321_987_654n) };
}

function idsOf(tracePrefix: string, seed: number, index: number): SpanIds {
  const hex = digest(`${seed}/${index}`);
  return {
    // Two spans, the request and its model call, share a trace.
    traceId: tracePrefix + digest(`${seed}/${index >> 1}`).slice(0, 16),
    spanId: hex.slice(32, 48),
    parentSpanId: hex.slice(48, 64),
  };
}

function digest(of: string): string {
  return createHash("sha256").update(of).digest("hex");
}

function text(key: string, value: string): object {
  return { key, value: { stringValue: value } };
}

function integer(key: string, value: number): object {
  return { key, value: { intValue: value } };
}
