import { warnOnce } from "../../process/warn.ts";
import type { Backlog } from "../queue/backlog.ts";
import type { Segment } from "../queue/segment.ts";
import type { SpanQueue } from "../queue/span-queue.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";
import { BackOff } from "./back-off.ts";
import { CollectorClient } from "./collector-client.ts";
import type { CollectorClientOptions } from "./collector-client.ts";
import type { ExportOutcome } from "./export-outcome.ts";

export interface ExporterOptions extends CollectorClientOptions {
  readonly flushIntervalMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Keeps spans that will never be accepted; resolves to whether they are kept. */
  readonly quarantine: (header: SegmentHeader, spans: readonly string[]) => Promise<boolean>;
}

export interface ExportCounters {
  /** Spans of this process that the collector has. */
  acknowledged: number;
  /** Spans that crashed processes have left and that the collector now has. */
  replayed: number;
  /** Requests that have to be sent again. */
  retries: number;
  /** Spans that the collector cannot read (400) or that are too large alone (413). */
  quarantined: number;
  /** Spans the collector refused one by one (partial success). */
  rejected: number;
}

const BATCH_SPANS_MAX = 512;
const BATCH_BYTES_MAX = 1_048_576;
/** 2^31 - 1 ms is the longest timer there is. */
const TIMER_MS_MAX = 2_147_483_647;

interface Rest {
  readonly ms: number;
  /** The collector asked for it: only the end of the process cuts it short. */
  readonly asked: boolean;
}
const NO_REST: Rest = { ms: 0, asked: false };

/**
 * Carries the backlog to the collector: one request at a time, for as long as it takes. A span leaves the backlog only when
 * the collector has acknowledged it or has said that it never will. Holds no ref'd handle.
 */
export class Exporter {
  readonly counters: ExportCounters = { acknowledged: 0, replayed: 0, retries: 0, quarantined: 0, rejected: 0 };
  readonly #options: ExporterOptions;
  readonly #queue: SpanQueue;
  readonly #backlog: Backlog;
  readonly #client: CollectorClient;
  readonly #backOff: BackOff;
  #running = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #cutWait: ((force: boolean) => void) | null = null;
  #spansMax = BATCH_SPANS_MAX;
  #waiters: { kept: number; resolve: () => void }[] = [];

  constructor(options: ExporterOptions, queue: SpanQueue, backlog: Backlog) {
    this.#options = options;
    this.#queue = queue;
    this.#backlog = backlog;
    this.#client = new CollectorClient(options);
    this.#backOff = new BackOff(options.retryMinMs, options.retryMaxMs);
  }

  /** There is something to send: export after the flush interval, at once if a batch is full. */
  wake(): void {
    if (this.#running || this.#stopped) return;
    if (this.#queue.waiting >= BATCH_SPANS_MAX) return this.#start();
    this.#timer ??= setTimeout(() => this.#start(), this.#options.flushIntervalMs).unref();
  }

  /** Exports now, cutting a back-off of ours short once; resolves when all of our own spans so far are settled. */
  drained(): Promise<void> {
    if (this.#queue.waiting === 0) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiters.push({ kept: this.#queue.kept, resolve }));
    this.#cutWait?.(false);
    this.#start();
    return done;
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#cutWait?.(true);
    this.#client.close();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (!this.#backlog.isEmpty) this.wake();
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const segment = await this.#backlog.next(this.#waiters.length > 0);
      this.#notify();
      if (segment === null) return;
      const batch = segment.peek(this.#spansMax, BATCH_BYTES_MAX);
      const rest = await this.#settle(segment, batch, await this.#client.send(segment.header, batch));
      this.#notify();
      if (rest.ms > 0) await this.#wait(rest);
    }
  }

  /** Applies an outcome to the backlog; resolves to how long to rest before the next request. */
  async #settle(segment: Segment, batch: readonly string[], outcome: ExportOutcome): Promise<Rest> {
    switch (outcome.kind) {
      case "accepted":
        return this.#accepted(segment, batch.length, outcome.rejectedSpans);
      case "too_large":
        if (batch.length === 1) return this.#quarantine(segment, batch, "is too large for the collector (413)");
        this.#spansMax = Math.ceil(batch.length / 2);
        return NO_REST;
      case "unreadable":
        // One span must not take the others of its batch with it: the halves are tried until it is alone.
        if (batch.length === 1) return this.#quarantine(segment, batch, "cannot be read by the collector (400)");
        this.#spansMax = Math.ceil(batch.length / 2);
        return { ms: this.#options.retryMinMs, asked: false };
      case "misconfigured":
        warnOnce(
          `QUOTEL_EXPORT_${outcome.status}`,
          `the collector at ${this.#client.url.href} answers ${outcome.status}: check QUOTEL_INGEST_KEY and QUOTEL_ENDPOINT; usage is kept meanwhile`,
        );
        return this.#retry(null);
      case "retry":
        if (outcome.timedOut) this.#spansMax = Math.ceil(batch.length / 2);
        return this.#retry(outcome.afterMs);
    }
  }

  #accepted(segment: Segment, spans: number, rejectedSpans: number): Rest {
    if (this.#backlog.isOwn(segment)) this.counters.acknowledged += spans;
    else this.counters.replayed += spans;
    this.counters.rejected += rejectedSpans;
    this.#backlog.settle(segment, spans);
    this.#backOff.reset();
    this.#spansMax = Math.min(BATCH_SPANS_MAX, this.#spansMax * 2);
    return NO_REST;
  }

  async #quarantine(segment: Segment, batch: readonly string[], why: string): Promise<Rest> {
    const kept = await this.#options.quarantine(segment.header, batch);
    warnOnce(
      "QUOTEL_EXPORT_QUARANTINE",
      `usage that ${why} was set aside${kept ? " in the spool's quarantine" : " and is lost: there is no spool"}`,
    );
    this.counters.quarantined += batch.length;
    this.#backlog.settle(segment, batch.length);
    return NO_REST;
  }

  #retry(afterMs: number | null): Rest {
    this.counters.retries += 1;
    return { ms: this.#backOff.next(afterMs), asked: afterMs !== null && afterMs > 0 };
  }

  #wait({ ms, asked }: Rest): Promise<void> {
    return new Promise((resolve) => {
      let timer: NodeJS.Timeout;
      const waitOn = (leftMs: number) => {
        if (leftMs <= 0) return resolve();
        timer = setTimeout(() => waitOn(leftMs - TIMER_MS_MAX), Math.min(leftMs, TIMER_MS_MAX)).unref();
      };
      waitOn(ms);
      this.#cutWait = (force) => {
        if (asked && !force) return;
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #notify(): void {
    const { settled } = this.#queue;
    for (const waiter of this.#waiters.filter((one) => one.kept <= settled)) waiter.resolve();
    this.#waiters = this.#waiters.filter((one) => one.kept > settled);
  }
}
