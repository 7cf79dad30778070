import type { JsonValue } from "#database/audit/audit-event";
import type { AttributeValue } from "../../decode/attributes.ts";

/**
 * What an attribute says that may be structured: the value of its JSON text, else the attribute as it is; absent = null.
 * Never throws: a text that is no JSON is a text. Numbers that JavaScript cannot hold exactly stay digits, as a text.
 */
export function jsonValue(value: AttributeValue | undefined): JsonValue {
  if (value === undefined) return null;
  // Only arrays and objects: a text "12" is a text to the person who sent it.
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value, exactNumbers) as JsonValue;
  } catch {
    return value;
  }
}

function exactNumbers(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value) || !Number.isInteger(value)) return value;
  return context?.source ?? value;
}
