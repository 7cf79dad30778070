import fc from "fast-check";
import { expect, test } from "vitest";
import type { AttributeValue } from "../../../../collector/decode/attributes.ts";
import { READ_ATTRIBUTES } from "../../../../collector/normalise/usage/attribute-names.ts";
import { GEN_AI_OPERATIONS, VERCEL_OPERATIONS } from "../../../../collector/normalise/usage/event-type/operations.ts";
import { normalise } from "../../../../collector/normalise/usage/normalise.ts";
import { ENDED_AT_MICROS, spanOf } from "./span-of.ts";

const SCOPES = ["", "ai", "gen_ai", "next.js", "@traceloop/instrumentation-anthropic", "openlit.otel.tracing"];

const text: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(...GEN_AI_OPERATIONS.keys(), ...VERCEL_OPERATIONS.keys(), "LLM", "CHAIN", "generation"),
  fc.constantFrom("acme", "tokens", "storage_bytes", "12", "-1", "99999999999999999999", "POST", "rate_limited"),
  fc.json(),
  fc.constantFrom('{"anthropic":{"usage":{"input_tokens":1e99}}}', '{"input":1,"output":"2"}', "{", '{"a":null}'),
);
const number: fc.Arbitrary<AttributeValue> = fc.oneof(
  fc.nat(2_000),
  fc.integer(),
  fc.double(),
  fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 1e9, 1e9 + 1, Number.MAX_SAFE_INTEGER, 2 ** 63),
);
const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...READ_ATTRIBUTES) },
  { weight: 1, arbitrary: fc.string().map((rest) => `quotel.metadata.${rest}`) },
);
const attributes = fc.dictionary(name, fc.oneof(text, number, fc.boolean()), { maxKeys: 60 });
const span = fc
  .record({
    attributes,
    resource: fc.dictionary(name, fc.oneof(text, number), { maxKeys: 3 }),
    scope: fc.record({ name: fc.constantFrom(...SCOPES), version: fc.oneof(fc.constant("0.27.0"), fc.string()) }),
    kind: fc.nat(5),
    flags: fc.constantFrom(0, 1, 0x101, 0x301),
    parentSpanId: fc.constantFrom("", "00f067aa0ba902b7"),
    statusCode: fc.nat(2),
  })
  .map(({ attributes: values, ...fields }) => spanOf(values, fields));

test("I1: what a span comes to depends on nothing but the span, and no attribute's value makes it throw", () => {
  const producer = { tenants: ["acme"], countScopes: null };
  const receivedAtMicros = ENDED_AT_MICROS;
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 8 }), (spans) => {
      const outcomes = spans.map((one) => normalise(one, producer, receivedAtMicros));
      const backwards = spans.toReversed().map((one) => normalise(one, producer, receivedAtMicros));
      expect(backwards.toReversed()).toEqual(outcomes);
    }),
    { numRuns: 300 },
  );
});

const count = fc.oneof({ weight: 9, arbitrary: fc.nat(5_000) }, { weight: 1, arbitrary: fc.nat(1_000_000_000) });
const counters = READ_ATTRIBUTES.filter((one) => /tokens?$|token_count|cached|cache_/i.test(one));
const counted = fc
  .tuple(
    fc.dictionary(fc.constantFrom(...counters), count, { maxKeys: 12 }),
    fc.dictionary(
      fc.string().map((rest) => `quotel.metadata.${rest}`),
      fc.oneof(fc.string({ unit: "binary", maxLength: 600 }), number),
      { maxKeys: 40 },
    ),
    fc.constantFrom(...SCOPES),
  )
  .map(([tokens, metadata, scope]) =>
    spanOf({ "gen_ai.operation.name": "chat", ...tokens, ...metadata }, { scope: { name: scope, version: "0.27.0" } }),
  );

test("I5: whatever is counted, an event's numbers are integers within their bounds and its detail within its own", () => {
  fc.assert(
    fc.property(counted, (one) => {
      const outcome = normalise(one, { tenants: null, countScopes: null }, ENDED_AT_MICROS);
      fc.pre(outcome.kind === "event");
      const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens, detail } = outcome.event;
      const counts = [inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens, reasoningTokens];
      expect(counts.filter((one) => one !== null && !(Number.isInteger(one) && one >= 0 && one <= 1e9))).toEqual([]);
      const keys = Object.keys(detail ?? {});
      expect([keys.length <= 32, keys.every((key) => key.length <= 64)]).toEqual([true, true]);
      expect(Buffer.byteLength(JSON.stringify(detail))).toBeLessThanOrEqual(4096);
    }),
  );
});
