import { afterEach, beforeEach, expect, test } from "vitest";

import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import type { Meter, MeterOptions } from "../../instrumentation/src/metering/meter.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver } from "./otlp-receiver.ts";
import { chatRecord } from "./usage-records.ts";

let receiver: OtlpReceiver;
let meters: Meter[] = [];

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  for (const meter of meters) meter.stop();
  meters = [];
  await receiver.close();
});

function meterTo(url: string, options: Partial<MeterOptions> = {}): Meter {
  const meter = createMeter({
    endpoint: new URL(url),
    ingestKey: "key",
    serviceName: "test",
    flushIntervalMs: 10,
    retryMinMs: 20,
    retryMaxMs: 100,
    ...options,
  });
  meters.push(meter);
  return meter;
}

function recordAll(meter: Meter, count: number): void {
  for (let index = 1; index <= count; index += 1) meter.record(chatRecord(index));
}
function seqs(): number[] {
  return receiver.spans.map((span) => Number(span.attributes["quotel.seq"]));
}
function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

test("ten thousand records of one tick arrive all and in order, in bounded batches", async () => {
  const meter = meterTo(receiver.url);
  recordAll(meter, 10_000);
  expect(await meter.flush(10_000)).toBe(true);
  expect(seqs()).toEqual(range(10_000));
  expect(Math.max(...receiver.requests.map((request) => request.spans))).toBe(512);
  expect(Math.max(...receiver.requests.map((request) => request.body.length))).toBeLessThan(1_100_000);
});

test.each([429, 500, 502, 503, 504])(
  "a batch answered with %i is delivered again with the same bytes",
  async (status) => {
    let refusals = 2;
    receiver.script = () => (refusals-- > 0 ? { status } : null);
    const meter = meterTo(receiver.url);
    recordAll(meter, 3);
    expect(await meter.flush(5_000)).toBe(true);
    expect(seqs()).toEqual([1, 2, 3]);
    expect(receiver.requests).toHaveLength(3);
    expect(new Set(receiver.requests.map((request) => request.body)).size).toBe(1);
    expect(meter.counters()).toMatchObject({ acknowledged: 3, retries: 2, waiting: 0, dropped: 0 });
  },
);

test("Retry-After is obeyed even where it is longer than any back-off of ours", async () => {
  const times: number[] = [];
  receiver.script = () => {
    times.push(performance.now());
    return times.length === 1 ? { status: 503, headers: { "retry-after": "1" } } : null;
  };
  const meter = meterTo(receiver.url);
  meter.record(chatRecord(1));
  await receiver.waitFor("chat", 1);
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(990);
});

test("a Retry-After of zero does not make the exporter hammer the collector", async () => {
  receiver.script = () => ({ status: 503, headers: { "retry-after": "0" } });
  const meter = meterTo(receiver.url, { retryMinMs: 50 });
  meter.record(chatRecord(1));
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(receiver.requests.length).toBeLessThan(8);
});

test("a collector that is away for a while costs nothing", async () => {
  const { url } = receiver;
  await receiver.close();
  const meter = meterTo(url);
  recordAll(meter, 50);
  expect(await meter.flush(100)).toBe(false);
  expect(meter.counters()).toMatchObject({ waiting: 50, dropped: 0 });
  receiver = await startOtlpReceiver(Number(new URL(url).port));
  expect(await meter.flush(5_000)).toBe(true);
  expect(seqs()).toEqual(range(50));
});

test("a batch that is too large is split until it fits, and nothing is lost", async () => {
  receiver.script = (spans) => (spans.length > 20 ? { status: 413 } : null);
  const meter = meterTo(receiver.url);
  recordAll(meter, 300);
  expect(await meter.flush(5_000)).toBe(true);
  expect(seqs()).toEqual(range(300));
  expect(meter.counters().quarantined).toBe(0);
});

test("a span the collector cannot read is set aside and counted, and takes none of its batch with it", async () => {
  receiver.script = (spans) => (spans.includes("0000000000000007") ? { status: 400 } : null);
  const meter = meterTo(receiver.url, { retryMinMs: 5 });
  recordAll(meter, 40);
  expect(await meter.flush(5_000)).toBe(true);
  expect(seqs()).toEqual(range(40).filter((seq) => seq !== 7));
  expect(meter.counters()).toMatchObject({ quarantined: 1, acknowledged: 39, recorded: 40 });
});

test("a 400 that no collector would give is no judgement on the spans", async () => {
  receiver.script = () => ({ status: 400, headers: { "content-type": "text/html" } });
  const meter = meterTo(receiver.url);
  recordAll(meter, 4);
  expect(await meter.flush(200)).toBe(false);
  expect(meter.counters()).toMatchObject({ waiting: 4, quarantined: 0 });
});

test.each([401, 403, 404])("usage is kept while the collector answers %i", async (status) => {
  receiver.script = () => ({ status });
  const meter = meterTo(receiver.url);
  recordAll(meter, 4);
  expect(await meter.flush(200)).toBe(false);
  expect(meter.counters()).toMatchObject({ waiting: 4, quarantined: 0 });
  receiver.script = () => null;
  expect(await meter.flush(5_000)).toBe(true);
  expect(seqs()).toEqual([1, 2, 3, 4]);
});

test("memory is bounded and what did not fit is a counted gap in the sequence", async () => {
  receiver.script = () => ({ status: 503 });
  const meter = meterTo(receiver.url, { queueBytesMax: 10_000 });
  recordAll(meter, 100);
  const { dropped, waiting } = meter.counters();
  expect(dropped).toBeGreaterThan(50);
  expect(dropped + waiting).toBe(100);
  receiver.script = () => null;
  await meter.flush(5_000);
  meter.record(chatRecord(101));
  await meter.flush(5_000);
  expect(seqs()).toEqual([...range(waiting), 101]);
});

test("spans the collector rejects one by one are counted and not sent again", async () => {
  receiver.script = () => ({ status: 200, body: { partialSuccess: { rejectedSpans: "2", errorMessage: "no" } } });
  const meter = meterTo(receiver.url);
  recordAll(meter, 3);
  expect(await meter.flush(2_000)).toBe(true);
  expect(meter.counters()).toMatchObject({ rejected: 2, waiting: 0 });
  expect(receiver.requests).toHaveLength(1);
});
