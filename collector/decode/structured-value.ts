import { TEXT_BYTES_MAX, type AttributeValue } from "./attributes.ts";

/** An `AnyValue` with everything in it, in the shape of JSON. */
export type StructuredValue = AttributeValue | null | readonly StructuredValue[] | StructuredMap;
/** A `Map`, because an object has its own ideas about names like `10` and `__proto__`. */
export type StructuredMap = ReadonlyMap<string, StructuredValue>;

/** Arrays and maps in one another; what people log is a handful deep. */
const DEPTH_MAX = 32;
/** Values in one tree, so that a body of empty ones does not become as many objects. */
const VALUES_MAX = 16_384;

/** Bounds the reading of one tree. Both decoders ask before each value; once refused, the whole tree is omitted. */
export class TreeBudget {
  #values = 0;
  exceeded = false;

  /** Whether a value at this depth (the outermost is 0) may be read. */
  admits(depth: number): boolean {
    if (depth > DEPTH_MAX || ++this.#values > VALUES_MAX) this.exceeded = true;
    return !this.exceeded;
  }
}

/** The map's entries; of several with one name the first wins, as with attributes. */
export function mapOf(entries: readonly (readonly [string, StructuredValue])[]): StructuredMap {
  return new Map(entries.toReversed());
}

/**
 * The tree as JSON with sorted names, so that the same value gives the same text whatever its encoding and order; null
 * where that is longer than a text may be. What JSON cannot say, `NaN` and the infinities, is their name.
 */
export function canonicalJson(value: StructuredValue): string | null {
  const text = write(value);
  return text.length <= TEXT_BYTES_MAX && Buffer.byteLength(text) <= TEXT_BYTES_MAX ? text : null;
}

function write(value: StructuredValue): string {
  if (typeof value === "number" && !Number.isFinite(value)) return `"${value}"`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (!(value instanceof Map)) return `[${(value as readonly StructuredValue[]).map(write).join()}]`;
  const entries = [...(value as StructuredMap)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, item]) => `${JSON.stringify(name)}:${write(item)}`).join()}}`;
}
