import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import type { Meter } from "../../instrumentation/src/metering/meter.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver } from "./otlp-receiver.ts";
import { chatRecord } from "./usage-records.ts";

let receiver: OtlpReceiver;
let meter: Meter;

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  receiver = await startOtlpReceiver();
  meter = createMeter({
    endpoint: new URL(receiver.url),
    ingestKey: "key",
    serviceName: "test",
    flushIntervalMs: 5,
    retryMinMs: 5,
    retryMaxMs: 20,
    queueBytesMax: 20_000,
  });
});
afterEach(async () => {
  meter.stop();
  vi.useRealTimers();
  await receiver.close();
});

const heartbeats = () => receiver.spans.filter((span) => span.name === "heartbeat");
const seqs = () => receiver.spans.map((span) => span.attributes["quotel.seq"]);

test("a process that has recorded tells every minute how it stands, as a numbered record of no usage", async () => {
  await vi.advanceTimersByTimeAsync(600_000);
  expect(meter.counters().recorded).toBe(0);
  for (let index = 1; index <= 3; index += 1) meter.record(chatRecord(index));
  await meter.flush(2_000);
  await vi.advanceTimersByTimeAsync(120_000);
  await meter.flush(2_000);
  expect(seqs()).toEqual([1, 2, 3, 4, 5]);
  expect(heartbeats()).toHaveLength(2);
  expect(heartbeats()[0]!.attributes).toMatchObject({
    "quotel.boot.id": meter.bootId,
    "quotel.heartbeat.recorded": 3,
    "quotel.heartbeat.acknowledged": 3,
    "quotel.heartbeat.dropped": 0,
  });
  expect(heartbeats()[0]!.attributes).not.toHaveProperty("quotel.event.type");
});

test("I12: records lost last are a gap before the next heartbeat, though no usage follows", async () => {
  receiver.script = () => ({ status: 503 });
  for (let index = 1; index <= 100; index += 1) meter.record(chatRecord(index));
  const { waiting, dropped } = meter.counters();
  expect(dropped).toBeGreaterThan(0);
  receiver.script = () => null;
  await meter.flush(2_000);
  expect(Math.max(...seqs().map(Number))).toBe(waiting);
  await vi.advanceTimersByTimeAsync(60_000);
  await meter.flush(2_000);
  expect(seqs()).toEqual([...Array.from({ length: waiting }, (_, index) => index + 1), 101]);
});

test("I12: a process that ends tells what it has lost, and says nothing where it has lost nothing", async () => {
  meter.record(chatRecord(1));
  meter.tellTrouble();
  await meter.flush(2_000);
  expect(heartbeats()).toEqual([]);
  receiver.script = () => ({ status: 503 });
  for (let index = 2; index <= 100; index += 1) meter.record(chatRecord(index));
  const { waiting, dropped } = meter.counters();
  receiver.script = () => null;
  await meter.flush(2_000);
  meter.tellTrouble();
  meter.tellTrouble();
  await meter.flush(2_000);
  expect(heartbeats().map((span) => span.attributes["quotel.heartbeat.dropped"])).toEqual([dropped]);
  expect(seqs().at(-1)).toBe(101);
  expect(receiver.spans).toHaveLength(1 + waiting + 1);
});

test("I14: a process that ends tells of decisions taken without the service, once", async () => {
  const beside = { failOpen: 0 };
  const telling = createMeter({
    endpoint: new URL(receiver.url),
    ingestKey: "key",
    serviceName: "test",
    flushIntervalMs: 5,
    countBeside: () => beside,
  });
  telling.record(chatRecord(1));
  telling.tellTrouble();
  beside.failOpen = 2;
  telling.tellTrouble();
  telling.tellTrouble();
  await telling.flush(2_000);
  telling.stop();
  expect(heartbeats().map((span) => span.attributes["quotel.heartbeat.fail_open"])).toEqual([2]);
});
