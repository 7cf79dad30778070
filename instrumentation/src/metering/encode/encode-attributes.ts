import type { AttributeValue } from "../usage-record.ts";

/** OTLP/JSON key-values; what is undefined is left out. Built as text: it is most of what a record costs. */
export function encodeAttributes(attributes: Readonly<Record<string, AttributeValue | undefined>>): string {
  let text = "";
  for (const key of Object.keys(attributes)) {
    const value = attributes[key];
    if (value === undefined) continue;
    text += `${text === "" ? "" : ","}{"key":${JSON.stringify(key)},"value":${encodeValue(value)}}`;
  }
  return `[${text}]`;
}

/** 64-bit integers travel as strings in OTLP/JSON. */
function encodeValue(value: AttributeValue): string {
  if (typeof value === "string") return `{"stringValue":${JSON.stringify(value)}}`;
  if (typeof value === "boolean") return `{"boolValue":${value}}`;
  return Number.isInteger(value) ? `{"intValue":"${value}"}` : `{"doubleValue":${value}}`;
}
