import { Exporter } from "./export/exporter.ts";
import type { ExporterOptions } from "./export/exporter.ts";
import type { ExportCounters } from "./export/settlement.ts";
import { Backlog } from "./queue/backlog.ts";
import { ItemQueue } from "./queue/item-queue.ts";
import { Segment } from "./queue/segment.ts";
import type { Signal } from "./signal.ts";
import type { InheritedFile } from "./spool/inherited-file.ts";
import type { SegmentHeader } from "./spool/segment-format.ts";
import type { Spool } from "./spool/spool.ts";

export interface LaneOptions extends Omit<ExporterOptions, "quarantine"> {
  readonly header: SegmentHeader;
  /** Memory for items that wait for the collector. */
  readonly queueBytesMax: number;
}

/** All counts are of items. */
export interface LaneCounters extends Readonly<ExportCounters> {
  readonly waiting: number;
  /** Lost because there was no room for them. */
  readonly dropped: number;
  /** Lost because the spool's disk damaged them. */
  readonly damaged: number;
}

/**
 * The way of one signal's items to the collector: bounded memory, what crashed processes have left, an exporter. Lanes share
 * the spool and nothing else: a collector that refuses one signal holds up no other, and a flood of one leaves the others
 * their memory.
 */
export class Lane {
  readonly signal: Signal;
  readonly #header: SegmentHeader;
  readonly #queue: ItemQueue;
  readonly #backlog: Backlog;
  readonly #exporter: Exporter;

  constructor(options: LaneOptions, spool: Spool | null) {
    const { signal, header } = options;
    this.signal = signal;
    this.#header = header;
    const openFile = () => spool?.openFile(signal) ?? null;
    this.#queue = new ItemQueue({ header, bytesMax: options.queueBytesMax, openFile });
    this.#backlog = new Backlog(this.#queue);
    const quarantine = (...refused: [SegmentHeader, readonly string[]]) =>
      spool?.quarantine(signal, ...refused) ?? Promise.resolve(false);
    this.#exporter = new Exporter({ ...options, quarantine }, this.#queue, this.#backlog);
  }

  /** Everything this process gave it is settled. */
  get isSettled(): boolean {
    return this.#queue.waiting === 0;
  }

  /** Items that end with the process. */
  get waitingInMemoryOnly(): number {
    return this.#queue.waitingInMemoryOnly;
  }

  /** Takes an encoded item; false = there is no room for it. Nothing is sent before `wake`. */
  push(item: string): boolean {
    return this.#queue.push(item);
  }

  /** There is more to send. */
  wake(): void {
    this.#exporter.wake();
  }

  /** Takes over those of the files that hold items of its signal. */
  inherit(files: readonly InheritedFile[]): void {
    const ours = files.filter(({ signal }) => signal === this.signal);
    if (ours.length === 0) return;
    this.#backlog.inherit(ours.map((file) => Segment.stored(this.#header, file)));
    this.#exporter.wake();
  }

  /** Sends now; resolves when everything this process gave it so far is settled. */
  drained(): Promise<void> {
    return this.#exporter.drained();
  }

  /** As `drained`, and what it took over is settled and off the disk, too. */
  emptied(): Promise<void> {
    return this.#exporter.emptied();
  }

  /** Stops for good. */
  stop(): void {
    this.#exporter.stop();
  }

  counters(): LaneCounters {
    const { waiting, dropped, damaged } = this.#queue;
    return { ...this.#exporter.counters, waiting, dropped, damaged: damaged + this.#backlog.damaged };
  }
}
