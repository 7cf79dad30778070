import { instantOfMs } from "./periods/instant.ts";

/**
 * Array literals for statements that take their rows as columns. pg could make them from arrays, but it looks at every
 * element for its type and escapes it twice; with some thirty columns and thousands of rows that was a fifth of the
 * collector's time.
 */

/** Array literal of values whose text needs no quotes: numbers, instants, dates, UUIDs, enum labels. Null = SQL null. */
export function plainArray(values: readonly (string | number | null)[]): string {
  let text = "{";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ",";
    text += values[i] ?? "NULL";
  }
  return `${text}}`;
}

/** Array literal of any text. Null = SQL null; the text "NULL" stays text. */
export function textArray(values: readonly (string | null)[]): string {
  let text = "{";
  for (let i = 0; i < values.length; i++) {
    if (i > 0) text += ",";
    const value = values[i] ?? null;
    text += value === null ? "NULL" : `"${NEEDS_ESCAPE.test(value) ? value.replaceAll(TO_ESCAPE, "\\$&") : value}"`;
  }
  return `${text}}`;
}

/**
 * JSON values as one text for `string_to_array(..., E'\\x01')`. As elements of an array literal each of their quotes would
 * be escaped here and unescaped there. JSON has no control characters but its white space. Undefined = empty text.
 */
export function jsonList(values: readonly unknown[]): string {
  return values.map((value) => (value === undefined ? "" : JSON.stringify(value))).join("\x01");
}

const NEEDS_ESCAPE = /["\\]/;
const TO_ESCAPE = /["\\]/g;

/** Array literal of instants given in milliseconds. Batches name few different ones, so each is written out once. */
export function instantArray(values: readonly (number | null)[]): string {
  const known = new Map<number, string>();
  return plainArray(
    values.map((ms) => {
      if (ms === null) return null;
      let text = known.get(ms);
      if (text === undefined) known.set(ms, (text = instantOfMs(ms)));
      return text;
    }),
  );
}
