/** An encoded span that waits for its acknowledgement. */
export interface QueuedSpan {
  readonly seq: number;
  readonly json: string;
  readonly bytes: number;
}

/**
 * The spans between being recorded and being acknowledged, in the order of their sequence numbers, in bounded memory. A span
 * that does not fit is dropped, but its number is spent: the gap proves the loss to the collector (I12).
 */
export class SpanQueue {
  readonly #bytesMax: number;
  #spans: QueuedSpan[] = [];
  #bytes = 0;
  #lastSeq = 0;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get length(): number {
    return this.#spans.length;
  }
  get lastSeq(): number {
    return this.#lastSeq;
  }
  get dropped(): number {
    return this.#dropped;
  }
  /** Sequence number of the oldest waiting span; one past the last where none waits. */
  get headSeq(): number {
    return this.#spans[0]?.seq ?? this.#lastSeq + 1;
  }

  /** Gives the next span its number and keeps it if there is room. */
  push(encode: (seq: number) => string): void {
    const seq = ++this.#lastSeq;
    const json = encode(seq);
    const bytes = Buffer.byteLength(json) + 1;
    if (this.#bytes + bytes > this.#bytesMax) {
      this.#dropped += 1;
      return;
    }
    this.#spans.push({ seq, json, bytes });
    this.#bytes += bytes;
  }

  /** The oldest spans, at most `spansMax` and `bytesMax` of them, at least one. They stay until `remove`. */
  peek(spansMax: number, bytesMax: number): readonly QueuedSpan[] {
    let count = 0;
    let bytes = 0;
    for (const span of this.#spans) {
      if (count > 0 && (count >= spansMax || bytes + span.bytes > bytesMax)) break;
      count += 1;
      bytes += span.bytes;
    }
    return this.#spans.slice(0, count);
  }

  /** Forgets the oldest `count` spans. */
  remove(count: number): void {
    for (const span of this.#spans.splice(0, count)) this.#bytes -= span.bytes;
  }
}
