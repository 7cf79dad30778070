/** The scalar kinds of an OTLP `AnyValue`. Integers beyond 2^53 arrive rounded: no amount of ours may be that large. */
export type AttributeValue = string | number | boolean;

/**
 * The attributes of one span or resource that the collector reads, in the order sent; others are dropped on the way in.
 * Two parallel arrays, because a dozen entries are found faster by a scan than a map of them is built.
 */
export class Attributes {
  readonly #keys: string[] = [];
  readonly #values: AttributeValue[] = [];

  /** Adds one. OTLP wants keys to be unique; where they are not, the first one wins. */
  add(key: string, value: AttributeValue): void {
    this.#keys.push(key);
    this.#values.push(value);
  }

  get(key: string): AttributeValue | undefined {
    const index = this.#keys.indexOf(key);
    return index < 0 ? undefined : this.#values[index];
  }

  entries(): [string, AttributeValue][] {
    return this.#keys.map((key, index) => [key, this.#values[index]!]);
  }
}
