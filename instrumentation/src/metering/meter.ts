import { randomUUID } from "node:crypto";

import { Exporter } from "./export/exporter.ts";
import type { ExportCounters } from "./export/exporter.ts";
import { Heartbeat } from "./heartbeat.ts";
import { Intake } from "./intake.ts";
import { Backlog } from "./queue/backlog.ts";
import { Segment } from "./queue/segment.ts";
import { SpanQueue } from "./queue/span-queue.ts";
import { Spool } from "./spool/spool.ts";
import type { UsageRecord } from "./usage-record.ts";

export interface MeterOptions {
  readonly endpoint: URL;
  readonly ingestKey: string | null;
  readonly serviceName: string;
  /** Where usage waits on the disk too. Null or absent: in memory only. */
  readonly spool?: { readonly folder: string; readonly bytesMax: number } | null;
  /** Memory for usage that waits for the collector. Default 32 MiB, about 30 000 records. */
  readonly queueBytesMax?: number;
  /** Longest rest before a record is sent; a decision should see usage within a second. Default 200. */
  readonly flushIntervalMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly timeoutMs?: number;
}

/** What an operator may want to know about this process's metering; all counts are of records, heartbeats among them. */
export type MeterCounters = Readonly<ExportCounters> & {
  readonly recorded: number;
  readonly waiting: number;
  /** Lost because the queue was full; visible to the collector as gaps of `quotel.seq`. */
  readonly dropped: number;
  /** Lost because the spool's disk damaged them. */
  readonly damaged: number;
};

/** The metering path of one process (I11): independent of samplers, exporters and switches of the app's tracing. */
export interface Meter {
  readonly bootId: string;
  /** Takes a record. Synchronous, cheap, never throws. */
  record(record: UsageRecord): void;
  /** Waits until all recorded so far is settled, at most `timeoutMs`; false = not all of it. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Records that records were lost, if any were since the last heartbeat: nothing that follows would show the gap. */
  tellLoss(): void;
  /** Stops exporting for good. */
  stop(): void;
  /**
   * For the end of the process: what is not delivered is in the spool when this returns. Returns how many records are not,
   * and are lost with the process. Never throws.
   */
  finishSync(): number;
  counters(): MeterCounters;
}

const SCOPE_VERSION = "0.1.0";

/** Makes the metering path; it holds nothing open that would keep the process alive. */
export function createMeter(options: MeterOptions): Meter {
  const bootId = randomUUID();
  const header = { serviceName: options.serviceName, scopeVersion: SCOPE_VERSION };
  const spool = options.spool
    ? new Spool({ ...options.spool, endpoint: options.endpoint, bootId, header }, (files) => {
        backlog.inherit(files.map((file) => Segment.stored(header, file)));
        exporter.wake();
      })
    : null;
  const queue = new SpanQueue({
    header,
    bytesMax: options.queueBytesMax ?? 33_554_432,
    openFile: () => spool?.openFile() ?? null,
  });
  const backlog = new Backlog(queue);
  const exporter = new Exporter(
    {
      endpoint: options.endpoint,
      ingestKey: options.ingestKey,
      flushIntervalMs: options.flushIntervalMs ?? 200,
      retryMinMs: options.retryMinMs ?? 250,
      retryMaxMs: options.retryMaxMs ?? 30_000,
      timeoutMs: options.timeoutMs ?? 10_000,
      quarantine: (...refused) => spool?.quarantine(...refused) ?? Promise.resolve(false),
    },
    queue,
    backlog,
  );
  const intake = new Intake(bootId, queue, () => exporter.wake());
  const counters = () => {
    intake.queueFresh();
    const { waiting, dropped, damaged } = queue;
    return { ...exporter.counters, recorded: intake.recorded, waiting, dropped, damaged: damaged + backlog.damaged };
  };
  const heartbeat = new Heartbeat(intake, counters);

  return {
    bootId,
    record: (record) => intake.add(record),
    async flush(timeoutMs) {
      intake.queueFresh();
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), timeoutMs).unref();
      });
      const done = await Promise.race([exporter.drained().then(() => true), timeout]);
      clearTimeout(timer);
      return done;
    },
    tellLoss: () => heartbeat.tellLoss(),
    stop() {
      heartbeat.stop();
      exporter.stop();
    },
    finishSync() {
      intake.queueFresh();
      spool?.finishSync(queue.waiting === 0);
      return queue.waitingInMemoryOnly;
    },
    counters,
  };
}
