import type { Fields } from "../formats/fields.ts";
import { KeptText } from "./kept-text.ts";

/** Keys under which requests, of whatever format, have what the model is to read. Files and images are under others. */
const TEXT = new Set(
  (
    "messages content contents text input inputs prompt system instructions parts systemInstruction system_instruction " +
    "message preamble chat_history texts documents arguments output requests instances inputText"
  ).split(" "),
);
/** What the model is told of its tools counts as it is written. */
const AS_WRITTEN = new Set(["tools", "functions", "toolConfig", "tool_config", "response_format"]);
/** Deeper than any request is. */
const DEPTH_MAX = 12;

/** What a request gives the model to read, as far as it is text. */
export function inputText(body: Fields): KeptText {
  const text = new KeptText();
  addFields(text, body, 0);
  return text;
}

function addFields(to: KeptText, fields: object, depth: number): void {
  for (const [key, value] of Object.entries(fields)) {
    if (AS_WRITTEN.has(key)) to.add(JSON.stringify(value) ?? "");
    else if (TEXT.has(key)) addValue(to, value, depth);
  }
}

function addValue(to: KeptText, value: unknown, depth: number): void {
  if (typeof value === "string") to.add(value);
  if (typeof value !== "object" || value === null || depth === DEPTH_MAX) return;
  if (!Array.isArray(value)) return addFields(to, value, depth + 1);
  for (const item of value) addValue(to, item, depth + 1);
}
