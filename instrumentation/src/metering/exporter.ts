import { HEADER_SENT_AT } from "@quotel/conventions";

import { createHttpSender } from "../process/http-sender.ts";
import { warnOnce } from "../process/warn.ts";
import { encodeRequest } from "./encode-span.ts";
import { judgeAnswer } from "./export-outcome.ts";
import type { ExportOutcome } from "./export-outcome.ts";
import type { QueuedSpan, SpanQueue } from "./span-queue.ts";

export interface ExporterOptions {
  /** Base URL; `/v1/traces` is appended. */
  readonly endpoint: URL;
  readonly ingestKey: string | null;
  readonly serviceName: string;
  readonly scopeVersion: string;
  readonly flushIntervalMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  readonly timeoutMs: number;
}

export interface ExportCounters {
  acknowledged: number;
  retries: number;
  /** Spans the collector could not read (400) or that are too large alone (413). */
  quarantined: number;
  /** Spans the collector refused one by one (partial success). */
  rejected: number;
}

const BATCH_SPANS_MAX = 512;
const BATCH_BYTES_MAX = 1_048_576;

/**
 * Carries the queue to the collector: one request at a time, in the order of the sequence numbers, for as long as it takes.
 * A span leaves the queue only when the collector has acknowledged it or has said that it never will. Holds no ref'd handle.
 */
export class Exporter {
  readonly counters: ExportCounters = { acknowledged: 0, retries: 0, quarantined: 0, rejected: 0 };
  readonly #options: ExporterOptions;
  readonly #queue: SpanQueue;
  readonly #url: URL;
  readonly #sender = createHttpSender({ background: true });
  #running = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #cutWait: (() => void) | null = null;
  #attempt = 0;
  #spansMax = BATCH_SPANS_MAX;
  #waiters: { seq: number; resolve: () => void }[] = [];

  constructor(options: ExporterOptions, queue: SpanQueue) {
    this.#options = options;
    this.#queue = queue;
    this.#url = new URL(`${options.endpoint.href.replace(/\/+$/, "")}/v1/traces`);
  }

  /** Something was queued: export after the flush interval, at once if a batch is full. */
  wake(): void {
    if (this.#running || this.#stopped) return;
    if (this.#queue.length >= BATCH_SPANS_MAX) return this.#start();
    this.#timer ??= setTimeout(() => this.#start(), this.#options.flushIntervalMs).unref();
  }

  /** Exports now, cutting a back-off short once; resolves when everything queued by now has left the queue. */
  drained(): Promise<void> {
    if (this.#queue.length === 0) return Promise.resolve();
    const done = new Promise<void>((resolve) => this.#waiters.push({ seq: this.#queue.lastSeq, resolve }));
    this.#cutWait?.();
    this.#start();
    return done;
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#cutWait?.();
    this.#sender.close();
  }

  #start(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running || this.#stopped) return;
    this.#running = true;
    void this.#run().finally(() => {
      this.#running = false;
      if (this.#queue.length > 0) this.wake();
    });
  }

  async #run(): Promise<void> {
    while (this.#queue.length > 0 && !this.#stopped) {
      const batch = this.#queue.peek(this.#spansMax, BATCH_BYTES_MAX);
      const waitMs = this.#settle(batch, await this.#send(batch));
      this.#notify();
      if (waitMs > 0) await this.#wait(waitMs);
    }
  }

  async #send(batch: readonly QueuedSpan[]): Promise<ExportOutcome> {
    const { serviceName, scopeVersion, ingestKey, timeoutMs } = this.#options;
    const headers: Record<string, string> = {
      "content-type": "application/json",
      [HEADER_SENT_AT]: `${Date.now()}000000`,
    };
    if (ingestKey !== null) headers["authorization"] = `Bearer ${ingestKey}`;
    const body = encodeRequest(
      serviceName,
      scopeVersion,
      batch.map((span) => span.json),
    );
    const result = await this.#sender.send({ url: this.#url, method: "POST", headers, body, timeoutMs });
    return judgeAnswer(result, Date.now());
  }

  /** Applies an outcome to the queue; returns how long to wait before the next request. */
  #settle(batch: readonly QueuedSpan[], outcome: ExportOutcome): number {
    if (outcome.kind === "accepted") return this.#accepted(batch, outcome.rejectedSpans);
    if (outcome.kind === "unreadable") return this.#quarantine(batch, "cannot be read by the collector (400)");
    if (outcome.kind === "too_large") {
      if (batch.length === 1) return this.#quarantine(batch, "is too large for the collector (413)");
      this.#spansMax = Math.ceil(batch.length / 2);
      return 0;
    }
    if (outcome.kind === "retry") return this.#backOff(outcome.afterMs);
    warnOnce(
      `QUOTEL_EXPORT_${outcome.status}`,
      `the collector at ${this.#url.href} answers ${outcome.status}: check QUOTEL_INGEST_KEY and QUOTEL_ENDPOINT; usage is kept meanwhile`,
    );
    return this.#backOff(null);
  }

  #accepted(batch: readonly QueuedSpan[], rejectedSpans: number): number {
    this.#queue.remove(batch.length);
    this.#attempt = 0;
    this.#spansMax = Math.min(BATCH_SPANS_MAX, this.#spansMax * 2);
    this.counters.acknowledged += batch.length;
    this.counters.rejected += rejectedSpans;
    return 0;
  }

  #quarantine(batch: readonly QueuedSpan[], why: string): number {
    this.#queue.remove(batch.length);
    this.counters.quarantined += batch.length;
    warnOnce("QUOTEL_EXPORT_QUARANTINE", `usage that ${why} was set aside; its sequence numbers are a gap`);
    return 0;
  }

  /** Exponential with jitter and no last attempt. A Retry-After is obeyed whatever its size; 0 is no invitation to hammer. */
  #backOff(afterMs: number | null): number {
    this.counters.retries += 1;
    const { retryMinMs, retryMaxMs } = this.#options;
    const ceilingMs = Math.min(retryMaxMs, retryMinMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 30);
    return Math.max(afterMs ?? 0, ceilingMs * (0.5 + Math.random() / 2));
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // 2^31 - 1 ms is the longest timer there is.
      const timer = setTimeout(resolve, Math.min(ms, 2_147_483_647)).unref();
      this.#cutWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #notify(): void {
    const { headSeq } = this.#queue;
    for (const waiter of this.#waiters.filter((one) => one.seq < headSeq)) waiter.resolve();
    this.#waiters = this.#waiters.filter((one) => one.seq >= headSeq);
  }
}
