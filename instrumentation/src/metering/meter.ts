import { Boot } from "./boot.ts";
import { Heartbeat } from "./intake/heartbeat.ts";
import { Intake } from "./intake/intake.ts";
import { Lane } from "./lane.ts";
import type { LaneCounters } from "./lane.ts";
import type { Signal } from "./signal.ts";
import { Spool } from "./spool/spool.ts";
import type { UsageRecord } from "./usage-record.ts";

export interface MeterOptions {
  readonly endpoint: URL;
  readonly ingestKey: string | null;
  readonly serviceName: string;
  /** Where usage waits on the disk too. Null or absent: in memory only. */
  readonly spool?: { readonly folder: string; readonly bytesMax: number } | null;
  /** Memory for usage that waits for the collector. Default 32 MiB, about 30 000 records. Levels and audit events have an eighth each beside it. */
  readonly queueBytesMax?: number;
  /** What the heartbeat is to tell beside the meter's own counters. */
  readonly countBeside?: () => Readonly<Record<string, number>>;
  /** Longest rest before a record is sent; a decision should see usage within a second. Default 200. */
  readonly flushIntervalMs?: number;
  readonly retryMinMs?: number;
  readonly retryMaxMs?: number;
  readonly timeoutMs?: number;
}

/**
 * What an operator may want to know about this process's metering; all counts are of records, those of levels and audit
 * events and heartbeats among them. What was `dropped` is visible to the collector as gaps of `quotel.seq`.
 */
export interface MeterCounters extends LaneCounters {
  readonly recorded: number;
}

/** The metering path of one process (I11): independent of samplers, exporters and switches of the app's tracing. */
export interface Meter {
  readonly bootId: string;
  /** Takes a record of usage. Synchronous, cheap, never throws. */
  record(record: UsageRecord): void;
  /** Takes an encoded data point or log record. Synchronous, never throws. */
  recordItem(signal: Exclude<Signal, "traces">, item: string): void;
  /** Waits until all recorded so far is settled, at most `timeoutMs`; false = not all of it. */
  flush(timeoutMs: number): Promise<boolean>;
  /** Resolves when what other processes had left, dead before this one began, is settled, too, and off the disk. Never rejects. */
  heritageSettled(): Promise<void>;
  /** Records that there was trouble, such as loss, if any was since the last heartbeat: nothing that follows would show it. */
  tellTrouble(): void;
  /** Stops exporting for good. */
  stop(): void;
  /**
   * For the end of the process: what is not delivered is in the spool when this returns. Returns how many records are not,
   * and are lost with the process. Never throws.
   */
  finishSync(): number;
  counters(): MeterCounters;
}

/** Version of our instrumentation scope. */
export const SCOPE_VERSION = "0.1.0";
/** Of the memory for usage, that for each of the other signals. */
const OTHER_SHARE = 1 / 8;

/** Makes the metering path; it holds nothing open that would keep the process alive. */
export function createMeter(options: MeterOptions): Meter {
  const boot = new Boot();
  const header = { serviceName: options.serviceName, scopeVersion: SCOPE_VERSION };
  const spool = options.spool
    ? new Spool({ ...options.spool, endpoint: options.endpoint, boot, header }, (files) => {
        for (const lane of all) lane.inherit(files);
      })
    : null;
  const usageBytesMax = options.queueBytesMax ?? 33_554_432;
  const laneOf = (signal: Signal) =>
    new Lane(
      {
        signal,
        header,
        queueBytesMax: signal === "traces" ? usageBytesMax : usageBytesMax * OTHER_SHARE,
        endpoint: options.endpoint,
        ingestKey: options.ingestKey,
        flushIntervalMs: options.flushIntervalMs ?? 200,
        retryMinMs: options.retryMinMs ?? 250,
        retryMaxMs: options.retryMaxMs ?? 30_000,
        timeoutMs: options.timeoutMs ?? 10_000,
      },
      spool,
    );
  const lanes = { traces: laneOf("traces"), metrics: laneOf("metrics"), logs: laneOf("logs") };
  const all = Object.values(lanes);
  const intake = new Intake(boot, lanes.traces);
  const counters = () => {
    intake.queueFresh();
    return { ...all.map((lane) => lane.counters()).reduce(sumOf), recorded: intake.recorded };
  };
  const heartbeat = new Heartbeat(intake, () => ({ ...counters(), ...options.countBeside?.() }));

  return {
    get bootId() {
      return boot.id;
    },
    record: (record) => intake.add(record),
    recordItem: (signal, item) => intake.addItem(lanes[signal], item),
    async flush(timeoutMs) {
      intake.queueFresh();
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<false>((resolve) => {
        timer = setTimeout(() => resolve(false), timeoutMs).unref();
      });
      const drained = Promise.all(all.map((lane) => lane.drained()));
      const done = await Promise.race([drained.then(() => true), timeout]);
      clearTimeout(timer);
      return done;
    },
    async heritageSettled() {
      await spool?.lookForHeritage();
      await Promise.all(all.map((lane) => lane.emptied()));
    },
    tellTrouble: () => heartbeat.tellTrouble(),
    stop() {
      heartbeat.stop();
      for (const lane of all) lane.stop();
    },
    finishSync() {
      intake.queueFresh();
      spool?.finishSync((signal) => lanes[signal].isSettled);
      return all.reduce((sum, lane) => sum + lane.waitingInMemoryOnly, 0);
    },
    counters,
  };
}

function sumOf(one: LaneCounters, other: LaneCounters): LaneCounters {
  return {
    acknowledged: one.acknowledged + other.acknowledged,
    replayed: one.replayed + other.replayed,
    retries: one.retries + other.retries,
    quarantined: one.quarantined + other.quarantined,
    rejected: one.rejected + other.rejected,
    waiting: one.waiting + other.waiting,
    dropped: one.dropped + other.dropped,
    damaged: one.damaged + other.damaged,
  };
}
