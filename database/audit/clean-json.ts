import type { JsonValue } from "./audit-event.ts";

/** Deeper values are left out: every reader of JSON, Postgres' included, has its limit. */
const DEPTH_MAX = 32;

/** A value that Postgres reads: without NUL and lone surrogates, which become U+FFFD, and nested 32 deep at most. */
export function cleanJson(value: JsonValue, depth = 0): JsonValue {
  if (typeof value === "string") return cleanText(value);
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value;
  if (depth >= DEPTH_MAX) return null;
  if (isArray(value)) return value.map((item) => cleanJson(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [cleanText(key), cleanJson(item, depth + 1)]));
}

function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** `Array.isArray` does not narrow a readonly array out of a union. */
function isArray(value: object): value is readonly JsonValue[] {
  return Array.isArray(value);
}
