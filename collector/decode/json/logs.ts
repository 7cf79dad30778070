import type { Attributes, AttributeValue } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import type { DecodedLog } from "../decoded-log.ts";
import type { KeyTable } from "../key-table.ts";
import { scalar } from "./any-value.ts";
import * as field from "./field.ts";
import { readAttributes, readRequest } from "./request.ts";

/** Decodes the JSON `ExportLogsServiceRequest`; only the attributes in `keys` are read. */
export class JsonLogsDecoder {
  readonly #keys: KeyTable;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** All log records of the request, in order. Throws `DecodeError`, naming the field. */
  decode(bytes: Uint8Array): DecodedLog[] {
    const logs: DecodedLog[] = [];
    readRequest(bytes, "logRecords", this.#keys, (log, resource, scope) => {
      checkItems(logs.length + 1);
      logs.push(this.#log(log, resource, scope));
    });
    return logs;
  }

  #log(log: field.JsonObject, resource: Attributes, scope: DecodedLog["scope"]): DecodedLog {
    return {
      eventName: field.text(log, "eventName"),
      timeMicros: field.nanosAsMicros(log, "timeUnixNano"),
      observedMicros: field.nanosAsMicros(log, "observedTimeUnixNano"),
      severity: field.uint32(log, "severityNumber"),
      body: bodyOf(field.child(log, "body")),
      traceId: field.id(log, "traceId"),
      spanId: field.id(log, "spanId"),
      attributes: readAttributes(log, this.#keys),
      resource,
      scope,
    };
  }
}

function bodyOf(sent: field.JsonObject): AttributeValue | null {
  const body = scalar(sent) ?? null;
  return typeof body === "string" && field.isTooLong(body) ? null : body;
}
