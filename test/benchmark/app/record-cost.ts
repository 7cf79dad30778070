import { setImmediate } from "node:timers/promises";
import { createMeter } from "../../../instrumentation/src/metering/meter.ts";
import type { UsageRecord } from "../../../instrumentation/src/metering/usage-record.ts";
import type { RunOptions } from "../command.ts";
import type { Outcome } from "../comparison/row.ts";
import { median, quantile } from "../comparison/rounds.ts";
import { startProgram } from "../system/program.ts";

const SIZES = { quick: 200, default: 20_000, full: 200_000 } as const;
const WARM_UP_TURNS = 2_000;
/** Records of one turn of the event loop: what a busy app finishes in one. */
const RECORDS_A_TURN = 20;
const MICROSECONDS_MAX = 2;

/**
 * Row `record-cost`: microseconds that a request waits for its record to be taken; against 2. What follows (encoding,
 * spool, delivery) is done in other turns of the event loop and is part of `app-overhead`.
 */
export async function measureRecordCost({ size }: RunOptions): Promise<Outcome> {
  const sink = await startProgram("test/benchmark/programs/otlp-sink.ts", {});
  const meter = createMeter({ endpoint: new URL(sink.url), ingestKey: null, serviceName: "bench" });
  const microseconds: number[] = [];
  for (let turn = -WARM_UP_TURNS; turn < SIZES[size]; turn++) {
    const records = Array.from({ length: RECORDS_A_TURN }, (_, index) => recordOf(turn * RECORDS_A_TURN + index));
    const start = performance.now();
    for (const record of records) meter.record(record);
    const elapsed = ((performance.now() - start) * 1000) / RECORDS_A_TURN;
    if (turn >= 0) microseconds.push(elapsed);
    await setImmediate();
  }
  await meter.flush(5_000);
  const { acknowledged, dropped } = meter.counters();
  meter.stop();
  await sink.stop();
  const value = Number(median(microseconds).toFixed(3));
  const note = `record-cost: p99 ${quantile(microseconds, 0.99).toFixed(2)} us; ${acknowledged} records delivered, ${dropped} dropped`;
  return {
    rows: [{ id: "record-cost", unit: "us", value, baseline: MICROSECONDS_MAX, goal: { atMost: 1 } }],
    notes: [note],
  };
}

function recordOf(index: number): UsageRecord {
  const hex = (index >>> 0).toString(16).padStart(8, "0");
  return {
    eventType: "chat",
    spanName: "chat gpt-4o",
    traceId: hex.repeat(4),
    spanId: hex.repeat(2),
    parentSpanId: null,
    startMicros: Date.now() * 1000,
    endMicros: Date.now() * 1000,
    status: "ok",
    tenantId: "acme",
    reservationId: null,
    attributes: { "gen_ai.request.model": "gpt-4o", "gen_ai.usage.input_tokens": 17, "gen_ai.usage.output_tokens": 42 },
  };
}
