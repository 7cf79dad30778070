import { afterEach, beforeEach, expect, test } from "vitest";

import { createMeter } from "../../../instrumentation/src/metering/meter.ts";
import type { Meter, MeterOptions } from "../../../instrumentation/src/metering/meter.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { chatRecord } from "../usage-records.ts";

let receiver: OtlpReceiver;
let meter: Meter;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  meter.stop();
  await receiver.close();
});

function meterTo(options: Partial<MeterOptions> = {}): void {
  const endpoint = new URL(receiver.url);
  const quick = { flushIntervalMs: 5, retryMinMs: 5, retryMaxMs: 20 };
  meter = createMeter({ endpoint, ingestKey: "key", serviceName: "test", ...quick, ...options });
}
const metric = (name: string) => `{"name":"${name}"}`;
const log = (eventName: string) => `{"eventName":"${eventName}"}`;

test("each signal goes to its own URL, and all of it is flushed and counted", async () => {
  meterTo();
  meter.record(chatRecord(1));
  meter.recordItem("metrics", metric("a"));
  meter.recordItem("logs", log("b"));
  expect(await meter.flush(2_000)).toBe(true);
  expect(receiver.of("chat")).toHaveLength(1);
  expect([receiver.metrics, receiver.logs]).toEqual([[{ name: "a" }], [{ eventName: "b" }]]);
  expect(meter.counters()).toMatchObject({ recorded: 3, acknowledged: 3, waiting: 0 });
});

test.each([
  ["logs", 404],
  ["metrics", 503],
  ["traces", 401],
] as const)("a collector that answers %s with %i holds up no other signal", async (refused, status) => {
  receiver.script = (_, path) => (path === `/v1/${refused}` ? { status } : null);
  meterTo();
  meter.record(chatRecord(1));
  meter.recordItem("metrics", metric("a"));
  meter.recordItem("logs", log("b"));
  expect(await meter.flush(300)).toBe(false);
  const arrived = { traces: receiver.spans, metrics: receiver.metrics, logs: receiver.logs };
  const counts = Object.entries(arrived).map(([signal, items]) => [signal, items.length]);
  expect(Object.fromEntries(counts)).toEqual({ traces: 1, metrics: 1, logs: 1, [refused]: 0 });
  receiver.script = () => null;
  expect(await meter.flush(2_000)).toBe(true);
  expect(meter.counters()).toMatchObject({ acknowledged: 3, quarantined: 0 });
});

test.each([
  ["metrics", "rejectedDataPoints"],
  ["logs", "rejectedLogRecords"],
] as const)("of %s what the collector rejects one by one (%s) is counted and not sent again", async (signal, name) => {
  receiver.script = () => ({ status: 200, body: { partialSuccess: { [name]: "2", errorMessage: "no" } } });
  meterTo();
  for (const item of ["a", "b", "c"]) meter.recordItem(signal, metric(item));
  expect(await meter.flush(2_000)).toBe(true);
  expect(meter.counters()).toMatchObject({ rejected: 2, acknowledged: 3, waiting: 0 });
  expect(receiver.requests).toHaveLength(1);
});

test("a flood of audit events takes no memory from usage, and what of it is lost is a gap in the numbers", async () => {
  receiver.script = () => ({ status: 503 });
  meterTo({ queueBytesMax: 80_000 });
  for (let index = 0; index < 1_000; index += 1) meter.recordItem("logs", log("x".repeat(100)));
  const { dropped } = meter.counters();
  expect(dropped).toBeGreaterThan(800);
  meter.record(chatRecord(1));
  expect(meter.counters()).toMatchObject({ dropped, recorded: 1_001, waiting: 1_001 - dropped });
  receiver.script = () => null;
  expect(await meter.flush(5_000)).toBe(true);
  expect(receiver.of("chat").map(({ attributes }) => attributes["quotel.seq"])).toEqual([dropped + 1]);
});
