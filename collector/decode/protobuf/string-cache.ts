const SLOTS = 4096;
/** Longer strings are rarely repeated; the cap also bounds the cache to SLOTS x 64 characters. */
const CACHED_LENGTH_MAX = 64;

/**
 * Makes strings of UTF-8 bytes and remembers the short ones: models, providers, routes and tenants come back in nearly
 * every span, and comparing bytes is several times cheaper than making a string. One slot per hash, the newest wins.
 */
export class StringCache {
  readonly #slots: (string | undefined)[] = Array.from({ length: SLOTS });

  /** The text of `bytes[start, end)`; invalid UTF-8 becomes U+FFFD. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length === 0) return "";
    if (length > CACHED_LENGTH_MAX) return bytes.toString("utf8", start, end);
    const slot = slotOf(bytes, start, length);
    const cached = this.#slots[slot];
    if (cached !== undefined && cached.length === length && isTextOf(cached, bytes, start)) return cached;
    const text = bytes.toString("utf8", start, end);
    // Only ASCII has one character per byte of the same value: anything else could never match again.
    if (text.length === length) this.#slots[slot] = text;
    return text;
  }
}

/** Ids differ at their end, names in their middle; both ends and two places between are enough to spread them. */
function slotOf(bytes: Uint8Array, start: number, length: number): number {
  const last = start + length - 1;
  let hash = length;
  hash = hash * 31 + bytes[start]!;
  hash = hash * 31 + bytes[start + (length >> 2)]!;
  hash = hash * 31 + bytes[start + (length >> 1)]!;
  hash = hash * 31 + bytes[last - (length >> 3)]!;
  hash = hash * 31 + bytes[last]!;
  return (hash ^ (hash >>> 12)) & (SLOTS - 1);
}

function isTextOf(text: string, bytes: Uint8Array, start: number): boolean {
  for (let index = text.length - 1; index >= 0; index--) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}
