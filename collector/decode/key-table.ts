/** Enough buckets that the few dozen names the collector reads rarely share one. */
const BUCKETS = 512;

interface KnownKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The attribute names the collector reads. A name is recognised by its bytes, so that the many attributes we do not read
 * are passed over without making a string of them, and those we do read always give the same string object.
 */
export class KeyTable {
  readonly #names: ReadonlySet<string>;
  readonly #buckets: KnownKey[][] = Array.from({ length: BUCKETS }, () => []);

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    for (const name of this.#names) {
      const bytes = new TextEncoder().encode(name);
      this.#buckets[bucketOf(bytes, 0, bytes.length)]!.push({ name, bytes });
    }
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  /** The known name written in `bytes[start, end)`, if it is one. */
  find(bytes: Uint8Array, start: number, end: number): string | undefined {
    if (start === end) return undefined;
    const bucket = this.#buckets[bucketOf(bytes, start, end)]!;
    for (let index = 0; index < bucket.length; index++) {
      const known = bucket[index]!;
      if (known.bytes.length === end - start && matches(known.bytes, bytes, start)) return known.name;
    }
    return undefined;
  }
}

/** Names of one vendor share their beginning, so the length and the later half tell them apart. */
function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const middle = bytes[start + (length >> 1)]!;
  const threeQuarters = bytes[end - 1 - (length >> 2)]!;
  return (length * 31 + middle * 7 + threeQuarters * 17 + bytes[end - 1]!) & (BUCKETS - 1);
}

function matches(known: Uint8Array, bytes: Uint8Array, start: number): boolean {
  for (let index = known.length - 1; index >= 0; index--) {
    if (known[index] !== bytes[start + index]) return false;
  }
  return true;
}
