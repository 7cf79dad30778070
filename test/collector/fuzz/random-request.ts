import { STRUCTURED_LOG_ATTRIBUTES, READ_LOG_ATTRIBUTES } from "../../../collector/normalise/audit/attribute-names.ts";
import { READ_ATTRIBUTES } from "../../../collector/normalise/usage/attribute-names.ts";
import type { Signal } from "../../../collector/receive/signal.ts";
import type { Field, Message } from "./otlp-message.ts";
import type { Random } from "./random.ts";

const NAMES = [...READ_ATTRIBUTES, ...READ_LOG_ATTRIBUTES, "quotel.metadata.plan", "quotel.resource", "some.other", ""];
/** What makes a request be usage, a level or an audit event, so that the stages after decoding have work. */
const TELLING: readonly (readonly [string, readonly string[]])[] = [
  ["quotel.tenant.id", ["acme", "globex", "not a tenant"]],
  ["gen_ai.operation.name", ["chat", "embeddings", "execute_tool"]],
  ["gen_ai.provider.name", ["openai", "anthropic", "nobody"]],
  ["gen_ai.response.model", ["gpt-4o", "claude-sonnet-4-5", "unheard-of"]],
  ["http.request.method", ["POST"]],
  ["quotel.resource", ["members", "storage_bytes", "widgets", "tokens"]],
  ["quotel.audit.actor.type", ["admin", "system", "stranger"]],
  ["quotel.audit.result", ["success", "failure"]],
];
const COUNTED = [
  "gen_ai.usage.input_tokens",
  "gen_ai.usage.output_tokens",
  "quotel.amount",
  "gen_ai.usage.cached_tokens",
];
const WORDS = [
  "chat",
  "embeddings",
  "openai",
  "gpt-4o",
  "acme",
  "members",
  "POST",
  "/v1/x",
  "é",
  "\u0000",
  "x".repeat(300),
];
const NUMBERS = [0n, 1n, 100n, -1n, 4_096n, 2n ** 31n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n)];
const DOUBLES = [0.5, 1e300, -1, 3, Number.NaN, Infinity, -Infinity, 2 ** 53];
const EVENT_NAMES = ["quotel.audit.plan_changed", "quotel.audit.key_made", "quotel.audit.", "other"];
const METRICS = ["members", "storage_bytes", "quotel.level.widgets", "quotel.level.", "http.server.duration", "tokens"];

/** A sound export request of one signal: what senders send, with values at the edges of their types. */
export function randomRequest(random: Random, signal: Signal): Message {
  const scoped = () => [
    ...(random.chance(0.7)
      ? [message(1, "scope", [text(1, "name", random.pick(WORDS)), text(2, "version", "1")])]
      : []),
    ...random.list(4, () => item(random, signal)),
  ];
  const resources = { traces: "resourceSpans", metrics: "resourceMetrics", logs: "resourceLogs" }[signal];
  const scopes = { traces: "scopeSpans", metrics: "scopeMetrics", logs: "scopeLogs" }[signal];
  const ofResource = () => [
    message(1, "resource", attributes(random, 1)),
    ...random.list(2, () => each(message(2, scopes, scoped()))),
    text(3, "schemaUrl", "https://opentelemetry.io/schemas/1.40.0"),
  ];
  return Array.from({ length: 1 + random.below(2) }, () => each(message(1, resources, ofResource())));
}

function item(random: Random, signal: Signal): Field {
  if (signal === "traces") return each(message(2, "spans", span(random)));
  if (signal === "logs") return each(message(2, "logRecords", logRecord(random)));
  return each(message(2, "metrics", metric(random)));
}

function span(random: Random): Message {
  return [
    { number: 1, name: "traceId", kind: "id", value: random.bytes(16).toString("hex") },
    { number: 2, name: "spanId", kind: "id", value: random.bytes(8).toString("hex") },
    ...(random.chance(0.5)
      ? [{ number: 4, name: "parentSpanId", kind: "id", value: "0102030405060708" } as const]
      : []),
    text(5, "name", random.pick(WORDS)),
    varint(6, "kind", BigInt(random.below(6))),
    nanos(random, 7, "startTimeUnixNano"),
    nanos(random, 8, "endTimeUnixNano"),
    ...attributes(random, 9),
    each(message(11, "events", [text(2, "name", "event"), ...attributes(random, 3)])),
    message(15, "status", [varint(3, "code", BigInt(random.below(3)))]),
    { number: 16, name: "flags", kind: "fixed32", value: random.below(0x400) },
  ];
}

function logRecord(random: Random): Message {
  return [
    nanos(random, 1, "timeUnixNano"),
    nanos(random, 11, "observedTimeUnixNano"),
    varint(2, "severityNumber", BigInt(random.below(25))),
    message(5, "body", [anyValue(random, 0)]),
    ...attributes(random, 6),
    { number: 9, name: "traceId", kind: "id", value: random.bytes(16).toString("hex") },
    text(12, "eventName", random.pick(EVENT_NAMES)),
  ];
}

function metric(random: Random): Message {
  const name = text(1, "name", random.pick(METRICS));
  const points = random.list(3, () => point(random));
  switch (random.below(5)) {
    case 0:
      return [name, message(9, "histogram", [each(message(1, "dataPoints", [varint(4, "flags", 3n)]))])];
    case 1:
    case 2:
      return [name, message(5, "gauge", points)];
    default: {
      const temporality = varint(2, "aggregationTemporality", BigInt(random.below(3)));
      const monotonic: Field = { number: 3, name: "isMonotonic", kind: "bool", value: random.chance(0.5) };
      return [name, message(7, "sum", [...points, temporality, monotonic])];
    }
  }
}

function point(random: Random): Field {
  const value: Field = random.chance(0.3)
    ? { number: 4, name: "asDouble", kind: "double", value: random.pick(DOUBLES) }
    : { number: 6, name: "asInt", kind: "sfixed64", value: random.chance(0.5) ? 12n : random.pick(NUMBERS) };
  const fields = [
    ...attributes(random, 7),
    ...(random.chance(0.7) ? [textAttribute(7, "quotel.tenant.id", "acme")] : []),
    nanos(random, 2, "startTimeUnixNano"),
    nanos(random, 3, "timeUnixNano"),
    value,
    varint(8, "flags", random.chance(0.1) ? 1n : 0n),
  ];
  return each(message(1, "dataPoints", fields));
}

/** Attributes as field `number`: names we read and others, values of every kind. */
function attributes(random: Random, number: number): Message {
  return random.list(10, () => {
    if (random.chance(0.5)) {
      const [name, values] = random.pick(TELLING);
      return textAttribute(number, name, random.pick(values));
    }
    if (random.chance(0.3))
      return attribute(number, random.pick(COUNTED), varint(3, "intValue", random.pick([0n, 7n, 250n])));
    if (random.chance(0.2)) return attribute(number, random.pick(STRUCTURED_LOG_ATTRIBUTES), anyValue(random, 0));
    return attribute(number, random.pick(NAMES), anyValue(random, 0));
  });
}

function attribute(number: number, name: string, value: Field): Field {
  return each(message(number, "attributes", [text(1, "key", name), message(2, "value", [value])]));
}

function textAttribute(number: number, name: string, value: string): Field {
  return attribute(number, name, text(1, "stringValue", value));
}

/** What an `AnyValue` holds. */
function anyValue(random: Random, depth: number): Field {
  const kind = random.below(depth > 3 ? 5 : 8);
  if (kind <= 1) return text(1, "stringValue", random.pick(WORDS));
  if (kind === 2) return { number: 2, name: "boolValue", kind: "bool", value: random.chance(0.5) };
  if (kind === 3) return varint(3, "intValue", random.pick(NUMBERS));
  if (kind === 4) return { number: 4, name: "doubleValue", kind: "double", value: random.pick(DOUBLES) };
  if (kind === 5) return { number: 7, name: "bytesValue", kind: "bytes", value: random.pick(WORDS) };
  const nested = (): Message => [anyValue(random, depth + 1)];
  if (kind === 6)
    return message(
      5,
      "arrayValue",
      random.list(3, () => each(message(1, "values", nested()))),
    );
  const entry = (): Message => [text(1, "key", random.pick(WORDS)), message(2, "value", nested())];
  return message(
    6,
    "kvlistValue",
    random.list(3, () => each(message(1, "values", entry()))),
  );
}

function nanos(random: Random, number: number, name: string): Field {
  const values = [1_790_000_000_000_000_000n, 1_790_000_000_250_999_999n, 0n, 1n, 2n ** 63n, 2n ** 64n - 1n];
  return { number, name, kind: "nanos", value: random.chance(0.8) ? values[random.below(2)]! : random.pick(values) };
}

function message(number: number, name: string, value: Message): Field {
  return { number, name, kind: "message", value };
}

function text(number: number, name: string, value: string): Field {
  return { number, name, kind: "text", value };
}

function varint(number: number, name: string, value: bigint): Field {
  return { number, name, kind: "varint", value };
}

function each(field: Field): Field {
  return { ...field, repeated: true };
}
