import type { AttributeValue } from "../../../decode/attributes.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

/** Longer texts are somebody's documents: they are not worth the parsing. */
const TEXT_LENGTH_MAX = 32 * 1024;

/** The object in an attribute that holds JSON, or null: never throws, bounded in length. */
export function jsonObject(value: AttributeValue | undefined): JsonObject | null {
  if (typeof value !== "string" || value.length > TEXT_LENGTH_MAX || !value.startsWith("{")) return null;
  try {
    return objectOf(JSON.parse(value));
  } catch {
    return null;
  }
}

/** An object inside one; null when it is not there or something else. */
export function objectOf(value: unknown): JsonObject | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
}

/** A field's scalar; anything else counts as absent. */
export function scalarOf(object: JsonObject, name: string): AttributeValue | undefined {
  // Own fields only: a JSON text may not reach what every object inherits.
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? value : undefined;
}
