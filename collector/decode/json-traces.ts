import { Attributes, type AttributeValue } from "./attributes.ts";
import { DecodeError } from "./decode-error.ts";
import type { DecodedSpan } from "./decoded-span.ts";
import * as field from "./json-field.ts";
import type { KeyTable } from "./key-table.ts";

/**
 * Decodes the JSON `ExportTraceServiceRequest` by the OTLP/JSON rules: lowerCamelCase names, ids in hex of either case,
 * enums as integers, 64-bit integers as strings or numbers, unknown fields ignored, `null` = absent.
 * Only the attributes in `keys` are read. Nothing here recurses, so nesting costs nothing.
 */
export class JsonTraceDecoder {
  readonly #keys: KeyTable;

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** All spans of the request, in order. Throws `DecodeError`, naming the field. */
  decode(bytes: Uint8Array): DecodedSpan[] {
    const request = field.object(field.parse(bytes), "the request");
    refuseOtherSignals(request);
    const spans: DecodedSpan[] = [];
    for (const resourceSpans of field.objects(request, "resourceSpans")) {
      const resource = this.#attributes(field.child(resourceSpans, "resource"));
      for (const scopeSpans of field.objects(resourceSpans, "scopeSpans")) {
        const sent = field.child(scopeSpans, "scope");
        const scope = { name: field.text(sent, "name"), version: field.text(sent, "version") };
        for (const span of field.objects(scopeSpans, "spans")) spans.push(this.#span(span, resource, scope));
      }
    }
    return spans;
  }

  #span(span: field.JsonObject, resource: Attributes, scope: DecodedSpan["scope"]): DecodedSpan {
    return {
      traceId: field.text(span, "traceId").toLowerCase(),
      spanId: field.text(span, "spanId").toLowerCase(),
      parentSpanId: field.text(span, "parentSpanId").toLowerCase(),
      flags: field.uint32(span, "flags"),
      kind: field.uint32(span, "kind"),
      name: field.text(span, "name"),
      startMicros: field.nanosAsMicros(span, "startTimeUnixNano"),
      endMicros: field.nanosAsMicros(span, "endTimeUnixNano"),
      statusCode: field.uint32(field.child(span, "status"), "code"),
      attributes: this.#attributes(span),
      resource,
      scope,
    };
  }

  #attributes(holder: field.JsonObject): Attributes {
    const attributes = new Attributes();
    for (const attribute of field.objects(holder, "attributes")) {
      const key = field.text(attribute, "key");
      if (!this.#keys.has(key)) continue;
      const value = attributeValue(field.child(attribute, "value"));
      if (value !== undefined) attributes.add(key, value);
    }
    return attributes;
  }
}

/** Arrays, maps and bytes carry no usage and are undefined. */
function attributeValue(value: field.JsonObject): AttributeValue | undefined {
  if (field.has(value, "stringValue")) return field.text(value, "stringValue");
  if (field.has(value, "intValue")) return field.int64(value, "intValue");
  if (field.has(value, "doubleValue")) return field.double(value, "doubleValue");
  if (field.has(value, "boolValue")) return field.boolean(value, "boolValue");
  return undefined;
}

/** A sender with one wrong URL deserves better than an empty success. */
function refuseOtherSignals(request: field.JsonObject): void {
  if (field.has(request, "resourceSpans")) return;
  for (const [name, path] of [
    ["resourceLogs", "/v1/logs"],
    ["resourceMetrics", "/v1/metrics"],
  ] as const) {
    if (field.has(request, name)) throw new DecodeError(`this is ${name}, which belongs to ${path}, not to traces`);
  }
}
