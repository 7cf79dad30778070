import { expect, test } from "vitest";
import { amountEvent } from "#database/record/amount-event";
import type { UsageEvent } from "#database/record/usage-event";
import type { DecodedSpan } from "../../../collector/decode/decoded-span.ts";
import { JsonTraceDecoder } from "../../../collector/decode/json/traces.ts";
import { KeyTable } from "../../../collector/decode/key-table.ts";
import { ProtobufTraceDecoder } from "../../../collector/decode/protobuf/traces.ts";
import { READ_ATTRIBUTES, READ_PREFIXES } from "../../../collector/normalise/usage/attribute-names.ts";
import { normalise, type Normalised } from "../../../collector/normalise/usage/normalise.ts";
import { readCorpus, vendorOf, type Expected, type Fixture } from "./fixture.ts";
import { protobufEncoder } from "./protobuf-request.ts";

/** After every fixture's spans ended: no clock is ahead. */
const RECEIVED_AT_MICROS = 1_900_000_000_000_000;
const corpus = readCorpus();
const keys = new KeyTable(READ_ATTRIBUTES, { prefixes: READ_PREFIXES });
const json = new JsonTraceDecoder(keys);
const protobuf = new ProtobufTraceDecoder(keys);
const inProtobuf = await protobufEncoder();

test.each(corpus.map((fixture) => [fixture.name, fixture] as const))(
  "corpus: %s comes to the canonical events, from JSON and from protobuf",
  (_name, fixture) => {
    const sent = json.decode(Buffer.from(JSON.stringify(fixture.request)));
    expect(outcomesOf(sent, fixture)).toEqual(expectedOf(sent, fixture));
    expect(outcomesOf(protobuf.decode(inProtobuf(fixture.request)), fixture)).toEqual(expectedOf(sent, fixture));
  },
);

test("corpus: no vendor of the compatibility table is without a fixture", () => {
  expect([...new Set(corpus.map(vendorOf))].toSorted()).toEqual(
    expect.arrayContaining([
      "ai-sdk-otel",
      "langfuse-js",
      "next.js",
      "openinference-js",
      "openlit-js",
      "openlit-py",
      "openllmetry-js",
      "openllmetry-py",
      "otel-genai",
      "otel-http",
      "otel-js-contrib-openai",
      "otel-sdk",
      "pydantic-ai",
      "quotel",
      "sentry-js",
      "vercel-ai",
    ]),
  );
  expect(corpus.length).toBeGreaterThanOrEqual(45);
});

test("corpus: every fixture says where its shape comes from and expects something of each span", () => {
  for (const { name, from, request, expected } of corpus) {
    const spans = json.decode(Buffer.from(JSON.stringify(request)));
    expect(from, name).toMatch(/\S{3}/);
    expect([name, expected.length]).toEqual([name, spans.length]);
  }
});

function outcomesOf(spans: readonly DecodedSpan[], { producer }: Fixture): Normalised[] {
  return spans.map((span) => normalise(span, producer, RECEIVED_AT_MICROS));
}

function expectedOf(spans: readonly DecodedSpan[], { expected }: Fixture): Normalised[] {
  return spans.map((span, index) => expectedOutcome(span, expected[index]!));
}

function expectedOutcome(span: DecodedSpan, expected: Expected): Normalised {
  if ("event" in expected) return { kind: "event", event: { ...plainEvent(span), ...expected.event } };
  if ("ignored" in expected) return { kind: "ignored", reason: expected.ignored };
  const { rejected: reason, ...rest } = expected;
  return { kind: "rejected", reason, ...rest };
}

/** An event about which nothing is known but the span's identity and times. */
function plainEvent({ traceId, spanId, startMicros, endMicros }: DecodedSpan): UsageEvent {
  const nothing = { tenantId: "unattributed", resource: "", amount: 0, endedAtMicros: endMicros };
  const ofSpan = { traceId, spanId, eventType: "chat", resource: null, durationMicros: endMicros - startMicros };
  return { ...amountEvent(nothing, ""), ...ofSpan };
}
