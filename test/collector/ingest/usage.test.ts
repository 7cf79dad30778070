import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { TENANT_ID_PATTERN } from "@quotel/conventions";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPrice } from "../../../collector/price/price.ts";
import type { UsageEvent } from "#database/record/usage-event";
import { Counters } from "../../../collector/observe/counters.ts";
import { createUsageIngest } from "../../../collector/ingest/usage.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import type { Refuse } from "../../../collector/quarantine/refuse.ts";
import { chatRequest } from "../receive/requests.ts";
import { MemoryRecorder } from "../receive/collector-under-test.ts";

const PRODUCER = { keyId: "k", tenants: null };
const refuse: Refuse = () => Promise.resolve({ kind: "committed" });
const PARTS = { refuse, price: createPrice(), tenantAttributes: DEFAULT_TENANT_ATTRIBUTES };
const REQUESTS = [
  { encoding: "json", bytes: Buffer.from(chatRequest(4)) },
  { encoding: "protobuf", bytes: await protobufRequest() },
] as const;

test.each(REQUESTS)("no damage to a $encoding request gives anything but sound events or a 400", async (request) => {
  const recorder = new MemoryRecorder();
  const ingest = createUsageIngest({ ...PARTS, recorder, counters: new Counters(), now: Date.now });
  const damage = fc.record({ at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 3 }), removed: fc.nat(4) });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 5 }), async (damages) => {
      let bytes: Buffer = request.bytes;
      for (const { at, bytes: inserted, removed } of damages) {
        const start = at % bytes.length;
        bytes = Buffer.concat([bytes.subarray(0, start), inserted, bytes.subarray(start + removed)]);
      }
      const answer = await ingest(bytes, request.encoding, PRODUCER);
      expect(answer.kind === "accepted" || answer.status).toBeOneOf([true, 400]);
      expect(recorder.events.splice(0).filter((event) => !isSound(event))).toEqual([]);
    }),
    { numRuns: 2000 },
  );
});

test("the same bytes always give the same events, whenever they are received", async () => {
  for (const { bytes, encoding } of REQUESTS) {
    const recorder = new MemoryRecorder();
    let nowMs = Date.UTC(2026, 10, 1);
    const ingest = createUsageIngest({
      ...PARTS,
      recorder,
      counters: new Counters(),
      now: () => (nowMs += 3_600_000),
    });
    await ingest(bytes, encoding, PRODUCER);
    await ingest(bytes, encoding, PRODUCER);
    const withoutFlags = recorder.events.map((event) => ({ ...event, flags: [] }));
    const half = withoutFlags.length / 2;
    expect(withoutFlags.slice(0, half)).toEqual(withoutFlags.slice(half));
  }
});

test("spans are counted by scope as often as they are delivered, like all that is accepted", async () => {
  const counters = new Counters();
  const ingest = createUsageIngest({ ...PARTS, recorder: new MemoryRecorder(), counters, now: Date.now });
  const [{ bytes, encoding }] = REQUESTS;
  for (let times = 0; times < 2; times++) await ingest(bytes, encoding, PRODUCER);
  expect(counters.get("spans_accepted_by_scope.none")).toBe(counters.get("spans_accepted"));
  expect(counters.get("spans_accepted")).toBe(8);
});

function isSound(event: UsageEvent): boolean {
  const integers = [event.inputTokens, event.outputTokens, event.cacheReadTokens, event.cacheWriteTokens]
    .concat(event.reasoningTokens, event.costNanoUsd, event.amount, event.durationMicros, event.endedAtMicros)
    .filter((value) => value !== null);
  return (
    integers.every((value) => Number.isSafeInteger(value) && value >= 0) &&
    /^[0-9a-f]{32}$/.test(event.traceId) &&
    /^[0-9a-f]{16}$/.test(event.spanId) &&
    TENANT_ID_PATTERN.test(event.tenantId)
  );
}

async function protobufRequest(): Promise<Buffer> {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  for (let index = 0; index < 4; index++) {
    const attributes = {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o",
      "gen_ai.usage.input_tokens": 100 + index,
      "gen_ai.usage.output_tokens": 10,
      "gen_ai.usage.cache_read.input_tokens": 50,
      "quotel.tenant.id": "acme",
    };
    provider.getTracer("t").startSpan("chat", { attributes }).end();
  }
  await provider.forceFlush();
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(exporter.getFinishedSpans())!);
}
