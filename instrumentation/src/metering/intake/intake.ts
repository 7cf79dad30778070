import { AsyncLocalStorage } from "node:async_hooks";
import { channel } from "node:diagnostics_channel";

import { randomHex } from "../../process/crypto.ts";
import type { Boot } from "../boot.ts";
import { encodeHeartbeat } from "../encode/encode-heartbeat.ts";
import { encodeSpan } from "../encode/encode-span.ts";
import type { Lane } from "../lane.ts";
import type { UsageRecord } from "../usage-record.ts";

/** Diagnostics channel on which each record of usage is published when it is made. */
export const RECORDED = "quotel.recorded";
const recorded = channel(RECORDED);

/** Records that are encoded in one go at most, however many a turn of the app makes. */
const FRESH_MAX = 1_024;

/**
 * Where records come in. Those of usage get their numbers here, without gaps, in the order in which they are made; what is
 * more than that is left to the end of the event loop's turn, when its requests have been served, and belongs to none of
 * them. What is no usage has no number of its own; but where it is lost it takes one, so that every loss is a gap (I12).
 */
export class Intake {
  readonly #boot: Boot;
  readonly #usage: Lane;
  readonly #outsideRequests = AsyncLocalStorage.snapshot();
  /** Recorded in this turn. */
  #fresh: UsageRecord[] = [];
  #recorded = 0;
  /** The last number given. */
  #seq = 0;
  readonly #queueFresh = () => this.queueFresh();
  readonly #queueFreshSoon = () => void setImmediate(this.#queueFresh);

  constructor(boot: Boot, usage: Lane) {
    this.#boot = boot;
    this.#usage = usage;
  }

  /** How many records there are, heartbeats and those of no usage included. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Takes a record of usage; all that its request waits for. */
  add(record: UsageRecord): void {
    this.#recorded += 1;
    if (recorded.hasSubscribers) recorded.publish(record);
    const count = this.#fresh.push(record);
    if (count === 1) this.#outsideRequests(this.#queueFreshSoon);
    else if (count === FRESH_MAX) this.#outsideRequests(this.#queueFresh);
  }

  /** Takes an item of no usage, encoded, on its own lane. */
  addItem(lane: Lane, item: string): void {
    this.#recorded += 1;
    this.#outsideRequests(() => {
      if (!lane.push(item)) this.#seq += 1;
      lane.wake();
    });
  }

  addHeartbeat(counters: Readonly<Record<string, number>>): void {
    this.queueFresh();
    this.#recorded += 1;
    this.#seq += 1;
    const ids = {
      traceId: randomHex(16),
      spanId: randomHex(8),
      bootId: this.#boot.id,
      seq: this.#seq,
    };
    this.#usage.push(encodeHeartbeat(counters, ids, Date.now() * 1000));
    this.#usage.wake();
  }

  /** Queues what was recorded in this turn so far. */
  queueFresh(): void {
    const records = this.#fresh;
    if (records.length === 0) return;
    this.#fresh = [];
    for (const record of records) this.#usage.push(encodeSpan(record, this.#boot.id, ++this.#seq));
    this.#usage.wake();
  }
}
