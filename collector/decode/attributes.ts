/** The scalar kinds of an OTLP `AnyValue`. Integers beyond 2^53 arrive rounded: no amount of ours may be that large. */
export type AttributeValue = string | number | boolean;

/** A text longer than this, in UTF-8, is not made into a string: no name, id or label of ours comes near it. */
export const TEXT_BYTES_MAX = 64 * 1024;

/** Attributes kept because of a prefix, as many as SDKs send at most by default: their names are the sender's choice. */
const PREFIXED_MAX = 128;
/** Longer names, in UTF-8, are nobody's metadata. */
export const PREFIXED_NAME_BYTES_MAX = 256;
/** From here on a repeated name is not stored again, so that no request grows a list without end. */
const CHECKED_FROM = 64;

/**
 * The attributes of one span or resource that the collector reads, in the order sent; others are dropped on the way in.
 * Two parallel arrays, because a dozen entries are found faster by a scan than a map of them is built.
 */
export class Attributes {
  readonly #keys: string[] = [];
  readonly #values: AttributeValue[] = [];
  #prefixed = 0;
  #omitted: string[] | undefined;

  /** Adds one. OTLP wants keys to be unique; where they are not, the first one wins. */
  add(key: string, value: AttributeValue): void {
    if (this.#keys.length >= CHECKED_FROM && this.#keys.includes(key)) return;
    this.#keys.push(key);
    this.#values.push(value);
  }

  /** Adds one whose name is known by its prefix only; one too many, or with too long a name, is omitted. */
  addPrefixed(key: string, value: AttributeValue): void {
    if (this.#prefixed === PREFIXED_MAX || Buffer.byteLength(key) > PREFIXED_NAME_BYTES_MAX) {
      this.omit(key);
      return;
    }
    this.#prefixed++;
    this.add(key, value);
  }

  /** Notes that a value of ours was sent, but is too long, too deep or one too many to be kept. */
  omit(key: string): void {
    const name = key.slice(0, PREFIXED_NAME_BYTES_MAX);
    this.#omitted ??= [];
    if (this.#omitted.length < PREFIXED_MAX && !this.#omitted.includes(name)) this.#omitted.push(name);
  }

  get(key: string): AttributeValue | undefined {
    const index = this.#keys.indexOf(key);
    return index < 0 ? undefined : this.#values[index];
  }

  /** The value under the first of these names that is there; a NaN is how JavaScript senders spell "unknown". */
  first(names: readonly string[]): AttributeValue | undefined {
    for (const name of names) {
      const value = this.get(name);
      if (value !== undefined && !Number.isNaN(value)) return value;
    }
    return undefined;
  }

  entries(): [string, AttributeValue][] {
    return this.#keys.map((key, index) => [key, this.#values[index]!]);
  }

  /** Names that were sent with a value beyond our limits: what these attributes say is not all that was said. */
  omitted(): readonly string[] {
    return this.#omitted ?? [];
  }
}
