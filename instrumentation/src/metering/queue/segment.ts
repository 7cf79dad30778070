import { readFile } from "node:fs/promises";

import type { InheritedFile } from "../spool/inherited-file.ts";
import type { SegmentFile } from "../spool/segment-file.ts";
import { readSegment } from "../spool/segment-format.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";

/** Items that were recorded one after another, in memory, on the disk, or both, from their recording to their settlement. */
export class Segment {
  readonly file: SegmentFile | InheritedFile | null;
  #header: SegmentHeader;
  /** Null: only on the disk. */
  #items: string[] | null;
  #bytes = 0;
  #count = 0;
  #settled = 0;

  private constructor(header: SegmentHeader, file: Segment["file"], items: string[] | null) {
    this.#header = header;
    this.file = file;
    this.#items = items;
  }

  /** One that is being filled. */
  static begin(header: SegmentHeader, file: SegmentFile | null): Segment {
    return new Segment(header, file, []);
  }

  /** One that another process has left. `header` serves where the file's own is damaged. */
  static stored(header: SegmentHeader, file: InheritedFile): Segment {
    return new Segment(header, file, null);
  }

  get header(): SegmentHeader {
    return this.#header;
  }
  /** How many items were added. */
  get count(): number {
    return this.#count;
  }
  /** Items not settled yet. Of a stored one that was never loaded: 0. */
  get waiting(): number {
    return this.#count - this.#settled;
  }
  /** Bytes of its items, wherever they are. */
  get bytes(): number {
    return this.#bytes;
  }
  get isInMemory(): boolean {
    return this.#items !== null;
  }

  add(item: string, bytes: number): void {
    this.#items?.push(item);
    this.#bytes += bytes;
    this.#count += 1;
  }

  /** Leaves the items to the disk, if all of them are there; returns whether they are out of memory now. */
  spill(): boolean {
    if (this.#items === null || this.file === null || !this.file.isComplete) return false;
    this.#items = null;
    return true;
  }

  /** Brings the items back from the disk; resolves to how many cannot be read. Never rejects. */
  async load(): Promise<number> {
    if (this.#items !== null || this.file === null) return 0;
    const bytes = await readFile(this.file.path).catch(() => Buffer.alloc(0));
    const { header, items, damaged } = readSegment(bytes);
    this.#header = header ?? this.#header;
    this.#items = [...items];
    const missing = this.#count - items.length;
    this.#count = items.length;
    this.#bytes = bytes.length;
    return Math.max(missing, damaged);
  }

  /** The oldest items, at most `itemsMax` and `bytesMax` of them, at least one. They stay until `settle`. */
  peek(itemsMax: number, bytesMax: number): readonly string[] {
    const batch: string[] = [];
    let bytes = 0;
    for (const item of (this.#items ?? []).slice(this.#settled, this.#settled + itemsMax)) {
      bytes += Buffer.byteLength(item);
      if (batch.length > 0 && bytes > bytesMax) break;
      batch.push(item);
    }
    return batch;
  }

  /** The oldest `count` items need not be sent any more. */
  settle(count: number): void {
    this.#settled += count;
  }
}
