import { Attributes } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import type { DecodedScope, DecodedSpan } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import { FieldReader } from "./field-reader.ts";
import { readRequest } from "./request-reader.ts";
import type { WireReader } from "./wire-reader.ts";

/**
 * Decodes the protobuf `ExportTraceServiceRequest` (opentelemetry-proto 1.x), only the fields of `DecodedSpan` and only
 * the attributes in `keys`; the rest is passed over by its length. A field of the wrong wire type counts as unknown.
 *
 * Here and in its neighbours each case is a field's tag: field number << 3 | wire type.
 */
export class ProtobufTraceDecoder {
  readonly #fields: FieldReader;

  constructor(keys: KeyTable) {
    this.#fields = new FieldReader(keys);
  }

  /** All spans of the request, in order. Throws `DecodeError`. */
  decode(bytes: Uint8Array): DecodedSpan[] {
    const spans: DecodedSpan[] = [];
    readRequest(bytes, this.#fields, (reader, end, resource, scope) => {
      checkItems(spans.length + 1);
      spans.push(this.#span(reader, end, resource, scope));
    });
    return spans;
  }

  #span(reader: WireReader, end: number, resource: Attributes, scope: DecodedScope): DecodedSpan {
    const fields = this.#fields;
    const attributes = new Attributes();
    let traceId = "";
    let spanId = "";
    let parentSpanId = "";
    let flags = 0;
    let kind = 0;
    let name = "";
    let startMicros = 0;
    let endMicros = 0;
    let statusCode = 0;
    while (reader.position < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 0x0a:
          traceId = fields.id(reader, end);
          break;
        case 0x12:
          spanId = fields.id(reader, end);
          break;
        case 0x22:
          parentSpanId = fields.id(reader, end);
          break;
        case 0x2a:
          name = fields.text(reader, end);
          break;
        case 0x30:
          kind = reader.uint32();
          break;
        case 0x39:
          startMicros = reader.nanosAsMicros();
          break;
        case 0x41:
          endMicros = reader.nanosAsMicros();
          break;
        case 0x4a:
          fields.attribute(reader, reader.enter(end), attributes);
          break;
        case 0x7a:
          statusCode = status(reader, reader.enter(end), statusCode);
          break;
        case 0x85:
          flags = reader.fixed32();
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.leave(end);
    return {
      traceId,
      spanId,
      parentSpanId,
      flags,
      kind,
      name,
      startMicros,
      endMicros,
      statusCode,
      attributes,
      resource,
      scope,
    };
  }
}

function status(reader: WireReader, end: number, before: number): number {
  let code = before;
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x18) code = reader.uint32();
    else reader.skip(tag, end);
  }
  reader.leave(end);
  return code;
}
