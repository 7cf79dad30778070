import type { Backlog } from "../queue/backlog.ts";
import type { ItemQueue } from "../queue/item-queue.ts";
import { CollectorClient } from "./collector-client.ts";
import type { CollectorClientOptions } from "./collector-client.ts";
import { Pause } from "./pause.ts";
import { Settlement } from "./settlement.ts";
import type { ExportCounters, SettlementOptions } from "./settlement.ts";

export interface ExporterOptions extends CollectorClientOptions, Omit<SettlementOptions, "collector" | "signal"> {
  readonly flushIntervalMs: number;
}

/** Somebody who waits for something to be settled. */
interface Waiter {
  readonly isDone: () => boolean;
  /** It is of our own: what others have left comes later. */
  readonly isOurs: boolean;
  readonly resolve: () => void;
}

/** So many items are sent at once, without waiting for more. */
const WAITING_MAX = 512;
const BATCH_BYTES_MAX = 1_048_576;

/** Carries the backlog of a signal to the collector: one request at a time, for as long as it takes. Holds no ref'd handle. */
export class Exporter {
  readonly #options: ExporterOptions;
  readonly #queue: ItemQueue;
  readonly #backlog: Backlog;
  readonly #client: CollectorClient;
  readonly #settlement: Settlement;
  readonly #pause = new Pause();
  #running = false;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;
  #waiters: Waiter[] = [];

  constructor(options: ExporterOptions, queue: ItemQueue, backlog: Backlog) {
    this.#options = options;
    this.#queue = queue;
    this.#backlog = backlog;
    this.#client = new CollectorClient(options);
    this.#settlement = new Settlement({ ...options, collector: this.#client.url }, backlog);
  }

  get counters(): Readonly<ExportCounters> {
    return this.#settlement.counters;
  }

  /** There is something to send: export after the flush interval, at once if a batch is full. */
  wake(): void {
    if (this.#running || this.#stopped) return;
    if (this.#queue.waiting >= WAITING_MAX) return this.#start();
    this.#timer ??= setTimeout(() => this.#start(), this.#options.flushIntervalMs).unref();
  }

  /** Exports now, cutting a back-off of ours short once; resolves when all of our own items so far are settled. */
  drained(): Promise<void> {
    if (this.#queue.waiting === 0) return Promise.resolve();
    const { kept } = this.#queue;
    return this.#until(() => kept <= this.#queue.settled, true);
  }

  /** As `drained`, and what others have left is settled and off the disk, too. */
  emptied(): Promise<void> {
    return this.#backlog.isEmpty ? Promise.resolve() : this.#until(() => this.#backlog.isEmpty, false);
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#pause.cut(true);
    this.#client.close();
  }

  #until(isDone: () => boolean, isOurs: boolean): Promise<void> {
    const done = new Promise<void>((resolve) => this.#waiters.push({ isDone, isOurs, resolve }));
    this.#pause.cut(false);
    this.#start();
    return done;
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
      const segment = await this.#backlog.next(this.#waiters.some(({ isOurs }) => isOurs));
      this.#notify();
      if (segment === null) return;
      const batch = segment.peek(this.#settlement.itemsMax, BATCH_BYTES_MAX);
      const rest = await this.#settlement.apply(segment, batch, await this.#client.send(segment.header, batch));
      this.#notify();
      if (rest.ms > 0) await this.#pause.rest(rest);
    }
  }

  #notify(): void {
    const done = new Set(this.#waiters.filter(({ isDone }) => isDone()));
    for (const { resolve } of done) resolve();
    this.#waiters = this.#waiters.filter((waiter) => !done.has(waiter));
  }
}
