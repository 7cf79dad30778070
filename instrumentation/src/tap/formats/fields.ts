import { EVENT_TOKENS_MAX } from "@quotel/conventions";

/** A JSON object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** The object, or an empty one in place of anything else. */
export function fields(value: unknown): Fields {
  return isObject(value) ? value : {};
}

/** Parses a JSON object; null if the text is none. */
export function parseFields(text: string): Fields | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** A token count: a whole number within what one event may claim; anything else is as good as not said. */
export function count(value: unknown): number | undefined {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= EVENT_TOKENS_MAX
    ? value
    : undefined;
}

/** A label: a text that is not empty, cut to 256 characters. */
export function label(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 256) : undefined;
}

/** The array, or an empty one in place of anything else. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The sum of the counts that are known; undefined if none is. */
export function sumOf(counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((one) => one !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, one) => sum + one, 0);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
