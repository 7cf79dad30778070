import { warnOnce } from "../../process/warn.ts";
import type { Backlog } from "../queue/backlog.ts";
import type { Segment } from "../queue/segment.ts";
import type { Signal } from "../signal.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";
import { BackOff } from "./back-off.ts";
import type { ExportOutcome } from "./export-outcome.ts";
import { NO_REST } from "./pause.ts";
import type { Rest } from "./pause.ts";

export interface SettlementOptions {
  readonly signal: Signal;
  /** For warnings. */
  readonly collector: URL;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** Keeps items that will never be accepted; resolves to whether they are kept. */
  readonly quarantine: (header: SegmentHeader, items: readonly string[]) => Promise<boolean>;
}

export interface ExportCounters {
  /** Items of this process that the collector has. */
  acknowledged: number;
  /** Items that crashed processes have left and that the collector now has. */
  replayed: number;
  /** Requests that have to be sent again. */
  retries: number;
  /** Items that the collector cannot read (400) or that are too large alone (413). */
  quarantined: number;
  /** Items the collector refused one by one (partial success). */
  rejected: number;
}

const BATCH_ITEMS_MAX = 512;

/**
 * What an answer does to the backlog, to the size of the next request and to its time. An item leaves the backlog only when
 * the collector has acknowledged it or has said that it never will.
 */
export class Settlement {
  readonly counters: ExportCounters = { acknowledged: 0, replayed: 0, retries: 0, quarantined: 0, rejected: 0 };
  readonly #options: SettlementOptions;
  readonly #backlog: Backlog;
  readonly #backOff: BackOff;
  #itemsMax = BATCH_ITEMS_MAX;

  constructor(options: SettlementOptions, backlog: Backlog) {
    this.#options = options;
    this.#backlog = backlog;
    this.#backOff = new BackOff(options.retryMinMs, options.retryMaxMs);
  }

  /** Items of the next request at most. */
  get itemsMax(): number {
    return this.#itemsMax;
  }

  /** Applies an answer; resolves to how long to rest before the next request. */
  async apply(segment: Segment, batch: readonly string[], outcome: ExportOutcome): Promise<Rest> {
    switch (outcome.kind) {
      case "accepted":
        return this.#accepted(segment, batch.length, outcome.rejectedItems);
      case "too_large":
        if (batch.length === 1) return this.#quarantine(segment, batch, "is too large for the collector (413)");
        this.#halve(batch);
        return NO_REST;
      case "unreadable":
        // One item must not take the others of its batch with it: the halves are tried until it is alone.
        if (batch.length === 1) return this.#quarantine(segment, batch, "cannot be read by the collector (400)");
        this.#halve(batch);
        return { ms: this.#options.retryMinMs, asked: false };
      case "misconfigured":
        warnOnce(
          `QUOTEL_EXPORT_${outcome.status}_${this.#options.signal.toUpperCase()}`,
          `the collector at ${this.#options.collector.href} answers ${outcome.status}: check QUOTEL_INGEST_KEY and QUOTEL_ENDPOINT; usage is kept meanwhile`,
        );
        return this.#retry(null);
      case "retry":
        if (outcome.timedOut) this.#halve(batch);
        return this.#retry(outcome.afterMs);
    }
  }

  #halve(batch: readonly string[]): void {
    this.#itemsMax = Math.ceil(batch.length / 2);
  }

  async #accepted(segment: Segment, items: number, rejectedItems: number): Promise<Rest> {
    if (this.#backlog.isOwn(segment)) this.counters.acknowledged += items;
    else this.counters.replayed += items;
    this.counters.rejected += rejectedItems;
    await this.#backlog.settle(segment, items);
    this.#backOff.reset();
    this.#itemsMax = Math.min(BATCH_ITEMS_MAX, this.#itemsMax * 2);
    return NO_REST;
  }

  async #quarantine(segment: Segment, batch: readonly string[], why: string): Promise<Rest> {
    const kept = await this.#options.quarantine(segment.header, batch);
    warnOnce(
      "QUOTEL_EXPORT_QUARANTINE",
      `usage that ${why} was set aside${kept ? " in the spool's quarantine" : " and is lost: there is no spool"}`,
    );
    this.counters.quarantined += batch.length;
    await this.#backlog.settle(segment, batch.length);
    return NO_REST;
  }

  #retry(afterMs: number | null): Rest {
    this.counters.retries += 1;
    return { ms: this.#backOff.next(afterMs), asked: afterMs !== null && afterMs > 0 };
  }
}
