import { expect, test } from "vitest";
import { outcomeOf, spanOf } from "./span-of.ts";

const CHAT = { "gen_ai.operation.name": "chat" };

test.each([
  ["invalid_trace_id", { traceId: "" }],
  ["invalid_trace_id", { traceId: "0".repeat(32) }],
  ["invalid_trace_id", { traceId: "ab".repeat(15) }],
  ["invalid_trace_id", { traceId: "zz".repeat(16) }],
  ["invalid_span_id", { spanId: "" }],
  ["invalid_span_id", { spanId: "0".repeat(16) }],
  ["invalid_span_id", { spanId: "ab".repeat(9) }],
  ["no_end_time", { endMicros: 0 }],
  ["ends_before_start", { endMicros: 1_000, startMicros: 1_001 }],
  ["invalid_end_time", { endMicros: 2 ** 60 }],
])("rejected as %s: a span with %o", (reason, fields) => {
  expect(outcomeOf(spanOf(CHAT, fields))).toEqual({ kind: "rejected", reason });
});

test.each([
  ["invalid_tokens", { "gen_ai.usage.input_tokens": -1 }],
  ["invalid_tokens", { "gen_ai.usage.input_tokens": 1.5 }],
  ["invalid_tokens", { "gen_ai.usage.input_tokens": true }],
  ["invalid_tokens", { "gen_ai.usage.input_tokens": 1_000_000_001 }],
  ["invalid_tokens", { "gen_ai.usage.output_tokens": "many" }],
  ["invalid_tokens", { "gen_ai.usage.cache_read.input_tokens": Number.POSITIVE_INFINITY }],
  ["invalid_tokens", { "gen_ai.usage.input_tokens": 6e8, "gen_ai.usage.cache_read.input_tokens": 7e8 }],
  ["invalid_resource", { "quotel.resource": "No Spaces", "quotel.amount": 1 }],
  ["invalid_amount", { "quotel.resource": "pages" }],
  ["invalid_amount", { "quotel.resource": "searches", "quotel.amount": -1 }],
  ["invalid_amount", { "quotel.resource": "pages", "quotel.amount": -1e12 - 1 }],
  ["invalid_amount", { "quotel.resource": "pages", "quotel.amount": Number.NaN }],
  ["invalid_tokens", { "langfuse.observation.usage_details": '{"input":-4,"output":1}' }],
  ["invalid_amount", { "quotel.resource": "pages", "quotel.amount": 0.5 }],
  ["invalid_amount", { "quotel.resource": "pages", "quotel.amount": 1e12 + 1 }],
  ["invalid_amount", { "quotel.resource": "tokens", "quotel.amount": 1_000_000_001 }],
  ["invalid_event_type", { "quotel.event.type": "Tea Break" }],
  ["invalid_event_type", { "quotel.event.type": 5 }],
])("%s rejects a span with %o", (reason, attributes) => {
  expect(outcomeOf(spanOf({ ...CHAT, ...attributes }))).toEqual({ kind: "rejected", reason });
});
