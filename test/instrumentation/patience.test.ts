import { createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import type { Meter, MeterOptions } from "../../instrumentation/src/metering/meter.ts";
import { heldBytes } from "../collector/fuzz/heap.ts";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver } from "./otlp-receiver.ts";
import { chatRecord } from "./usage-records.ts";

let receiver: OtlpReceiver;
let meter: Meter;

beforeEach(async () => {
  receiver = await startOtlpReceiver();
});
afterEach(async () => {
  vi.useRealTimers();
  meter.stop();
  await receiver.close();
});

function meterTo(url: string, options: Partial<MeterOptions> = {}): Meter {
  meter = createMeter({
    endpoint: new URL(url),
    ingestKey: "key",
    serviceName: "test",
    flushIntervalMs: 10,
    ...options,
  });
  return meter;
}

/** The clock is set by hand, sockets are real; resolves once the collector has answered `requests` requests in all. */
function useClock(): (requests: number) => Promise<void> {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  return async (requests) => {
    while (receiver.requests.length < requests) await new Promise((resolve) => setImmediate(resolve));
    // The answer has a way to go, too.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  };
}
const turns = async () => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

describe.each([429, 503])("a collector that answers %i", (status) => {
  test.each([
    ["1", 1_000],
    ["30", 30_000],
    ["3600", 3_600_000],
    ["a date", 7_200_000],
    ["31536000", 31_536_000_000],
  ])(
    `is obeyed: with ${status} and a Retry-After of %s nothing is sent earlier, on no flush either`,
    async (value, ms) => {
      const answered = useClock();
      const header = value === "a date" ? new Date(Date.now() + ms).toUTCString() : value;
      receiver.script = () => ({ status, headers: { "retry-after": header } });
      meterTo(receiver.url).record(chatRecord(1));
      await turns();
      await vi.advanceTimersByTimeAsync(10);
      await answered(1);
      receiver.script = () => null;
      const flushed = meter.flush(500);
      await turns();
      await vi.advanceTimersByTimeAsync(500);
      expect(await flushed).toBe(false);
      // A date has whole seconds.
      await advance(ms - 2_000);
      await turns();
      expect(receiver.requests).toHaveLength(1);
      await advance(33_000);
      await answered(2);
      expect(meter.counters()).toMatchObject({ acknowledged: 1, waiting: 0 });
    },
  );
});

/** Longer than a timer can be, where asked for. */
async function advance(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1e9) await vi.advanceTimersByTimeAsync(Math.min(left, 1e9));
}

test("a collector that is away for hours is asked four times a minute at most, and has everything when it is back", async () => {
  useClock();
  meterTo(receiver.url, { timeoutMs: 60_000 });
  /** Lets half a minute pass; each request has its answer before its time-out is near. */
  const halfAMinute = async () => {
    for (let step = 0; step < 6; step += 1) {
      await vi.advanceTimersByTimeAsync(5_000);
      await turns();
      while (meter.counters().retries < refused) await turns();
    }
  };
  let refused = 0;
  receiver.script = () => {
    refused += 1;
    return { status: 503 };
  };
  for (let minute = 1; minute <= 200; minute += 1) {
    meter.record(chatRecord(minute));
    await halfAMinute();
    await halfAMinute();
  }
  expect(refused).toBeGreaterThan(380);
  expect(refused).toBeLessThanOrEqual(810);
  receiver.script = () => null;
  while (meter.counters().waiting > 0) await halfAMinute();
  expect(receiver.spans.map((span) => span.attributes["quotel.seq"])).toEqual(
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
  expect(meter.counters()).toMatchObject({ acknowledged: 200, waiting: 0, dropped: 0 });
});

test("a collector that is slower than the time-out is given more time, and less at once, until it manages", async () => {
  const delays: number[] = [];
  const slow = await startSlowProxy(receiver.url, () => 150, delays);
  meterTo(slow.url, { timeoutMs: 50, retryMinMs: 5, retryMaxMs: 20 });
  for (let index = 1; index <= 20; index += 1) meter.record(chatRecord(index));
  expect(await meter.flush(10_000)).toBe(true);
  expect(meter.counters()).toMatchObject({ acknowledged: 20, waiting: 0 });
  expect(meter.counters().retries).toBeGreaterThan(0);
  await slow.close();
});

test("an acknowledgement lost on its way costs nothing: the same bytes are sent again", async () => {
  let resets = 3;
  const cut = await startSlowProxy(receiver.url, () => (resets-- > 0 ? "reset" : 0), []);
  meterTo(cut.url, { retryMinMs: 5, retryMaxMs: 20 });
  for (let index = 1; index <= 20; index += 1) meter.record(chatRecord(index));
  expect(await meter.flush(10_000)).toBe(true);
  expect(receiver.requests.length).toBeGreaterThanOrEqual(4);
  expect(new Set(receiver.requests.map(({ body }) => body)).size).toBe(1);
  expect(meter.counters()).toMatchObject({ acknowledged: 20, waiting: 0 });
  await cut.close();
});

test("memory stays bounded under a collector that takes a connection and never answers", async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => void sockets.push(socket.on("error", () => {})));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  meterTo(`http://127.0.0.1:${port}`, { queueBytesMax: 1_000_000, timeoutMs: 20, retryMinMs: 1, retryMaxMs: 5 });
  const heapBefore = await heldBytes();
  for (let index = 1; index <= 60_000; index += 1) {
    meter.record(chatRecord(index));
    if (index % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const { waiting, dropped } = meter.counters();
  expect(waiting + dropped).toBe(60_000);
  expect(waiting).toBeLessThan(4_000);
  // 60 000 records would be some 30 MB.
  expect((await heldBytes()) - heapBefore).toBeLessThan(10_000_000);
  meter.stop();
  for (const socket of sockets) socket.destroy();
  silent.close();
});

/** Passes requests on, and their answers back after a while, or cuts the connection instead. */
async function startSlowProxy(
  target: string,
  behaviour: () => number | "reset",
  seen: number[],
): Promise<{ url: string; close(): Promise<void> }> {
  const { createServer: createHttpServer } = await import("node:http");
  const server = createHttpServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      void fetch(`${target}${request.url}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: Buffer.concat(parts),
      }).then(async (answer) => {
        const text = await answer.text();
        const what = behaviour();
        if (what === "reset") return request.socket.resetAndDestroy();
        seen.push(what);
        setTimeout(() => response.writeHead(answer.status, { "content-type": "application/json" }).end(text), what);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
