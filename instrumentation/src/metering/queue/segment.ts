import { readFile } from "node:fs/promises";

import type { InheritedFile } from "../spool/inherited-file.ts";
import type { SegmentFile } from "../spool/segment-file.ts";
import { readSegment } from "../spool/segment-format.ts";
import type { SegmentHeader } from "../spool/segment-format.ts";

/** Spans that were recorded one after another, in memory, on the disk, or both, from their recording to their settlement. */
export class Segment {
  readonly file: SegmentFile | InheritedFile | null;
  #header: SegmentHeader;
  /** Null: only on the disk. */
  #spans: string[] | null;
  #bytes = 0;
  #count = 0;
  #settled = 0;

  private constructor(header: SegmentHeader, file: Segment["file"], spans: string[] | null) {
    this.#header = header;
    this.file = file;
    this.#spans = spans;
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
  /** How many spans were added. */
  get count(): number {
    return this.#count;
  }
  /** Spans not settled yet. Of a stored one that was never loaded: 0. */
  get waiting(): number {
    return this.#count - this.#settled;
  }
  /** Bytes of its spans, wherever they are. */
  get bytes(): number {
    return this.#bytes;
  }
  get isInMemory(): boolean {
    return this.#spans !== null;
  }

  add(span: string, bytes: number): void {
    this.#spans?.push(span);
    this.#bytes += bytes;
    this.#count += 1;
  }

  /** Leaves the spans to the disk, if all of them are there; returns whether they are out of memory now. */
  spill(): boolean {
    if (this.#spans === null || this.file === null || !this.file.isComplete) return false;
    this.#spans = null;
    return true;
  }

  /** Brings the spans back from the disk; resolves to how many cannot be read. Never rejects. */
  async load(): Promise<number> {
    if (this.#spans !== null || this.file === null) return 0;
    const bytes = await readFile(this.file.path).catch(() => Buffer.alloc(0));
    const { header, spans, damaged } = readSegment(bytes);
    this.#header = header ?? this.#header;
    this.#spans = [...spans];
    const missing = this.#count - spans.length;
    this.#count = spans.length;
    this.#bytes = bytes.length;
    return Math.max(missing, damaged);
  }

  /** The oldest spans, at most `spansMax` and `bytesMax` of them, at least one. They stay until `settle`. */
  peek(spansMax: number, bytesMax: number): readonly string[] {
    const batch: string[] = [];
    let bytes = 0;
    for (const span of (this.#spans ?? []).slice(this.#settled, this.#settled + spansMax)) {
      bytes += Buffer.byteLength(span);
      if (batch.length > 0 && bytes > bytesMax) break;
      batch.push(span);
    }
    return batch;
  }

  /** The oldest `count` spans need not be sent any more. */
  settle(count: number): void {
    this.#settled += count;
  }
}
