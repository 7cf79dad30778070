import type { DecodedLog } from "../../decode/decoded-log.ts";
import { attributesOf, storedAttributes, storedValue, valueOf } from "./stored-attributes.ts";
import type { StoredAttributes, StoredValue } from "./stored-attributes.ts";

/** A decoded log record as quarantine keeps it: the same fields, and which of its attributes are not all there. */
export interface LogRecordContent extends Omit<DecodedLog, "attributes" | "resource" | "body"> {
  readonly body: StoredValue | null;
  readonly attributes: StoredAttributes;
  readonly omitted: readonly string[];
  readonly resource: StoredAttributes;
}

export function contentOfLogRecord(log: DecodedLog): LogRecordContent {
  return {
    ...log,
    body: log.body === null ? null : storedValue(log.body),
    attributes: storedAttributes(log.attributes),
    omitted: log.attributes.omitted(),
    resource: storedAttributes(log.resource),
  };
}

export function logRecordOf({ omitted, ...content }: LogRecordContent): DecodedLog {
  return {
    ...content,
    body: content.body === null ? null : valueOf(content.body),
    attributes: attributesOf(content.attributes, omitted),
    resource: attributesOf(content.resource),
  };
}
