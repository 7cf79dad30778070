import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";

import { encodeHeartbeat } from "./encode/encode-heartbeat.ts";
import { encodeSpan } from "./encode/encode-span.ts";
import type { SpanQueue } from "./queue/span-queue.ts";
import type { UsageRecord } from "./usage-record.ts";

/** Records that are encoded in one go at most, however many a turn of the app makes. */
const FRESH_MAX = 1_024;

/**
 * Where records come in and get their numbers, without gaps, in the order in which they are made. What is more than that
 * is left to the end of the event loop's turn, when its requests have been served, and belongs to none of them.
 */
export class Intake {
  readonly #bootId: string;
  readonly #queue: SpanQueue;
  readonly #onQueued: () => void;
  readonly #outsideRequests = AsyncLocalStorage.snapshot();
  /** Recorded in this turn. */
  #fresh: UsageRecord[] = [];
  #recorded = 0;
  readonly #queueFresh = () => this.queueFresh();
  readonly #queueFreshSoon = () => void setImmediate(this.#queueFresh);

  /** `onQueued`: called when there is more to send. */
  constructor(bootId: string, queue: SpanQueue, onQueued: () => void) {
    this.#bootId = bootId;
    this.#queue = queue;
    this.#onQueued = onQueued;
  }

  /** How many records there are, heartbeats included: the last number of the sequence. */
  get recorded(): number {
    return this.#recorded;
  }

  /** Takes a record; all that its request waits for. */
  add(record: UsageRecord): void {
    this.#recorded += 1;
    const count = this.#fresh.push(record);
    if (count === 1) this.#outsideRequests(this.#queueFreshSoon);
    else if (count === FRESH_MAX) this.#outsideRequests(this.#queueFresh);
  }

  addHeartbeat(counters: Readonly<Record<string, number>>): void {
    this.queueFresh();
    this.#recorded += 1;
    const ids = {
      traceId: randomBytes(16).toString("hex"),
      spanId: randomBytes(8).toString("hex"),
      bootId: this.#bootId,
      seq: this.#recorded,
    };
    this.#queue.push(encodeHeartbeat(counters, ids, Date.now() * 1000));
    this.#onQueued();
  }

  /** Queues what was recorded in this turn so far. */
  queueFresh(): void {
    const records = this.#fresh;
    if (records.length === 0) return;
    this.#fresh = [];
    let seq = this.#recorded - records.length;
    for (const record of records) this.#queue.push(encodeSpan(record, this.#bootId, ++seq));
    this.#onQueued();
  }
}
