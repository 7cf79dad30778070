import { randomUUID } from "node:crypto";

import { encodeSpan } from "./encode-span.ts";
import { Exporter } from "./exporter.ts";
import type { ExportCounters } from "./exporter.ts";
import { SpanQueue } from "./span-queue.ts";
import type { UsageRecord } from "./usage-record.ts";

export interface MeterOptions {
  readonly endpoint: URL;
  readonly ingestKey: string | null;
  readonly serviceName: string;
  /** Memory for usage that waits for the collector. Default 32 MiB, about 30 000 records. */
  readonly queueBytesMax?: number;
  /** Longest rest before a record is sent; a decision should see usage within a second. Default 200. */
  readonly flushIntervalMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly timeoutMs?: number;
}

/** What an operator may want to know about this process's metering; all counts are of records. */
export type MeterCounters = Readonly<ExportCounters> & {
  readonly recorded: number;
  readonly waiting: number;
  /** Lost because the queue was full, or after the stop; visible to the collector as gaps of `quotel.seq`. */
  readonly dropped: number;
};

/** The metering path of one process (I11): independent of samplers, exporters and switches of the app's tracing. */
export interface Meter {
  readonly bootId: string;
  /** Takes a record. Synchronous, cheap, never throws. */
  record(record: UsageRecord): void;
  /** Waits until all recorded so far is acknowledged, at most `timeoutMs`; false = not all of it. */
  flush(timeoutMs: number): Promise<boolean>;
  stop(): void;
  counters(): MeterCounters;
}

const SCOPE_VERSION = "0.1.0";

/** Makes the metering path; it stays idle, and holds nothing open, until something is recorded. */
export function createMeter(options: MeterOptions): Meter {
  const bootId = randomUUID();
  const queue = new SpanQueue(options.queueBytesMax ?? 33_554_432);
  const exporter = new Exporter(
    {
      endpoint: options.endpoint,
      ingestKey: options.ingestKey,
      serviceName: options.serviceName,
      scopeVersion: SCOPE_VERSION,
      flushIntervalMs: options.flushIntervalMs ?? 200,
      retryMinMs: options.retryMinMs ?? 250,
      retryMaxMs: options.retryMaxMs ?? 30_000,
      timeoutMs: options.timeoutMs ?? 10_000,
    },
    queue,
  );
  return {
    bootId,
    record(record) {
      queue.push((seq) => encodeSpan(record, bootId, seq));
      exporter.wake();
    },
    async flush(timeoutMs) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), timeoutMs).unref();
      });
      const done = await Promise.race([exporter.drained().then(() => true), timeout]);
      clearTimeout(timer);
      return done;
    },
    stop: () => exporter.stop(),
    counters: () => ({
      ...exporter.counters,
      recorded: queue.lastSeq,
      waiting: queue.length,
      dropped: queue.dropped,
    }),
  };
}
