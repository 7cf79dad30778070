import type { AttributeValue } from "../metering/usage-record.ts";
import type { UsageMetadata } from "./usage-report.ts";

const PREFIX = "quotel.metadata.";
/** The collector's bounds: more it would not keep. */
const ENTRIES_MAX = 32;
const KEY_LENGTH_MAX = 64;
const TEXT_LENGTH_MAX = 256;

/** Metadata as attributes of a span. What is no scalar, or beyond the bounds, is left out; texts are cut. Pure. */
export function metadataAttributes(metadata: UsageMetadata): Record<string, AttributeValue> {
  const kept = Object.entries(metadata).flatMap(([name, value]): [string, AttributeValue][] => {
    const text = typeof value === "string" ? value.slice(0, TEXT_LENGTH_MAX) : value;
    const isScalar = typeof text === "string" || typeof text === "boolean" || Number.isFinite(text);
    return isScalar && name.length <= KEY_LENGTH_MAX ? [[PREFIX + name, text as AttributeValue]] : [];
  });
  return Object.fromEntries(kept.slice(0, ENTRIES_MAX));
}
