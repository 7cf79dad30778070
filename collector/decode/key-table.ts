/** Enough buckets that the few dozen names the collector reads rarely share one. */
const BUCKETS = 512;

interface KnownKey {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface KeyTableOptions {
  /** Any attribute whose name begins with one of these is kept, too; "" keeps them all. */
  readonly prefixes?: readonly string[];
  /** Where a name begins with one of these, an array or map is kept as canonical JSON; elsewhere it is dropped. */
  readonly structured?: readonly string[];
}

/**
 * The attribute names the collector reads. A name is recognised by its bytes, so that the many attributes we do not read
 * are passed over without making a string of them, and those we do read always give the same string object.
 */
export class KeyTable {
  readonly #names: ReadonlySet<string>;
  readonly #buckets: KnownKey[][] = Array.from({ length: BUCKETS }, () => []);
  readonly #prefixes: readonly KnownKey[];
  readonly #structured: readonly string[];

  constructor(names: Iterable<string>, { prefixes = [], structured = [] }: KeyTableOptions = {}) {
    this.#names = new Set(names);
    for (const { name, bytes } of [...this.#names].map(knownKey)) {
      this.#buckets[bucketOf(bytes, 0, bytes.length)]!.push({ name, bytes });
    }
    this.#prefixes = prefixes.map(knownKey);
    this.#structured = structured;
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }

  hasPrefixOf(name: string): boolean {
    return this.#prefixes.some((prefix) => name.startsWith(prefix.name));
  }

  /** Whether this attribute's value may be an array or a map. */
  isStructured(name: string): boolean {
    return this.#structured.some((prefix) => name.startsWith(prefix));
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

  /** Whether the name written in `bytes[start, end)` begins with one of the prefixes. */
  findPrefix(bytes: Uint8Array, start: number, end: number): boolean {
    for (let index = 0; index < this.#prefixes.length; index++) {
      const prefix = this.#prefixes[index]!.bytes;
      if (end - start >= prefix.length && matches(prefix, bytes, start)) return true;
    }
    return false;
  }
}

function knownKey(name: string): KnownKey {
  return { name, bytes: new TextEncoder().encode(name) };
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
