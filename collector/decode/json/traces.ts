import type { Attributes } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import type { DecodedSpan } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import * as field from "./field.ts";
import { readAttributes, readRequest } from "./request.ts";

/** Decodes the JSON `ExportTraceServiceRequest`; only the attributes in `keys` are read. */
export class JsonTraceDecoder {
  readonly #keys: KeyTable;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** All spans of the request, in order. Throws `DecodeError`, naming the field. */
  decode(bytes: Uint8Array): DecodedSpan[] {
    const spans: DecodedSpan[] = [];
    readRequest(bytes, "spans", this.#keys, (span, resource, scope) => {
      checkItems(spans.length + 1);
      spans.push(this.#span(span, resource, scope));
    });
    return spans;
  }

  #span(span: field.JsonObject, resource: Attributes, scope: DecodedSpan["scope"]): DecodedSpan {
    return {
      traceId: field.id(span, "traceId"),
      spanId: field.id(span, "spanId"),
      parentSpanId: field.id(span, "parentSpanId"),
      flags: field.uint32(span, "flags"),
      kind: field.uint32(span, "kind"),
      name: field.text(span, "name"),
      startMicros: field.nanosAsMicros(span, "startTimeUnixNano"),
      endMicros: field.nanosAsMicros(span, "endTimeUnixNano"),
      statusCode: field.uint32(field.child(span, "status"), "code"),
      attributes: readAttributes(span, this.#keys),
      resource,
      scope,
    };
  }
}
