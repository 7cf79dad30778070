import type { SegmentFile } from "../spool/segment-file.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";
import { Segment } from "./segment.ts";

export interface ItemQueueOptions {
  readonly header: SegmentHeader;
  /** Bytes of items held in memory at most. */
  readonly bytesMax: number;
  /** The file of the next segment; null = there is no spool, or no room in it. */
  readonly openFile: () => SegmentFile | null;
}

const SEGMENT_BYTES_MAX = 1_048_576;

/**
 * The items of a signal of this process between being recorded and being settled, in the order in which they were. Where
 * there is a spool every item is in it too, and memory is made for new ones by leaving whole segments to the disk; where
 * there is none, or it is full, an item that does not fit is dropped.
 */
export class ItemQueue {
  readonly #options: ItemQueueOptions;
  readonly #segmentBytesMax: number;
  /** Oldest first. */
  #segments: Segment[] = [];
  /** The one that takes new items: the last. */
  #open: Segment | null = null;
  #memoryBytes = 0;
  #kept = 0;
  #settled = 0;
  #dropped = 0;
  #damaged = 0;

  constructor(options: ItemQueueOptions) {
    this.#options = options;
    this.#segmentBytesMax = Math.min(SEGMENT_BYTES_MAX, options.bytesMax / 4);
  }

  /** How many items were ever kept, and how many of these are settled: the first so many. */
  get kept(): number {
    return this.#kept;
  }
  get settled(): number {
    return this.#settled;
  }
  get waiting(): number {
    return this.#kept - this.#settled;
  }
  /** Those of the waiting items that end with the process. */
  get waitingInMemoryOnly(): number {
    return this.#segments
      .filter(({ file }) => file === null || file.hasFailed)
      .reduce((sum, segment) => sum + segment.waiting, 0);
  }
  get dropped(): number {
    return this.#dropped;
  }
  /** Items that were left to the disk and could not be read again. */
  get damaged(): number {
    return this.#damaged;
  }

  /** Takes an item; false = there is no room, and it is dropped. */
  push(item: string): boolean {
    const bytes = Buffer.byteLength(item) + 1;
    if (this.#memoryBytes + bytes > this.#options.bytesMax) this.#spill(bytes);
    if (this.#memoryBytes + bytes > this.#options.bytesMax) {
      this.#dropped += 1;
      return false;
    }
    const segment = this.#segmentFor(bytes);
    segment.add(item, bytes);
    if (segment.file !== null && "append" in segment.file) segment.file.append(item);
    this.#memoryBytes += bytes;
    this.#kept += 1;
    return true;
  }

  /** The oldest segment with items to send. */
  head(): Segment | null {
    return this.#segments.find((segment) => segment.waiting > 0) ?? null;
  }

  /** Brings a segment's items into memory. */
  async load(segment: Segment): Promise<void> {
    if (segment.isInMemory) return;
    const lost = await segment.load();
    this.#memoryBytes += segment.bytes;
    this.#damaged += lost;
    this.#settle(segment, 0, lost);
  }

  /** The oldest `count` items of the segment need not be sent any more. */
  settle(segment: Segment, count: number): void {
    segment.settle(count);
    this.#settle(segment, count, 0);
  }

  #settle(segment: Segment, count: number, lost: number): void {
    this.#settled += count + lost;
    if (segment.waiting > 0 || segment === this.#open) return;
    this.#segments = this.#segments.filter((one) => one !== segment);
    if (segment.isInMemory) this.#memoryBytes -= segment.bytes;
    void segment.file?.remove();
  }

  #segmentFor(bytes: number): Segment {
    const open = this.#open !== null && this.#open.bytes + bytes <= this.#segmentBytesMax ? this.#open : null;
    if (open !== null && open.file !== null && !open.file.hasFailed) return open;
    const file = this.#options.openFile();
    // Without a file a segment goes on until there is one: what is only in memory need not be told apart.
    if (open !== null && open.file === null && file === null) return open;
    this.#seal();
    this.#open = Segment.begin(this.#options.header, file);
    this.#segments.push(this.#open);
    return this.#open;
  }

  #seal(): void {
    const sealed = this.#open;
    if (sealed === null) return;
    this.#open = null;
    if (sealed.file !== null && "seal" in sealed.file) sealed.file.seal();
    if (sealed.waiting === 0) this.#settle(sealed, 0, 0);
  }

  /** Leaves the newest complete segments to the disk until `bytes` fit: the oldest are the next to be sent. */
  #spill(bytes: number): void {
    for (const segment of this.#segments.toReversed()) {
      if (this.#memoryBytes + bytes <= this.#options.bytesMax) return;
      if (segment.spill()) this.#memoryBytes -= segment.bytes;
    }
  }
}
