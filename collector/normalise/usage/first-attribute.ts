import type { AttributeValue, Attributes } from "../../decode/attributes.ts";

/** Labels are for people; a longer one is cut rather than refused. */
const LABEL_LENGTH_MAX = 256;

/** The value under the first of `names` that is present. */
export function first(attributes: Attributes, names: readonly string[]): AttributeValue | undefined {
  for (const name of names) {
    const value = attributes.get(name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The same for text that labels an event but decides nothing: empty or not text = null, cut at 256 characters. */
export function label(attributes: Attributes, names: readonly string[]): string | null {
  const value = first(attributes, names);
  if (typeof value !== "string" || value === "") return null;
  return value.length > LABEL_LENGTH_MAX ? value.slice(0, LABEL_LENGTH_MAX) : value;
}
