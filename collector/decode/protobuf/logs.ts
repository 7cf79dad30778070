import { Attributes, type AttributeValue } from "../attributes.ts";
import { checkItems } from "../decode-error.ts";
import type { DecodedLog } from "../decoded-log.ts";
import type { DecodedScope } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import { FieldReader } from "./field-reader.ts";
import { readRequest } from "./request-reader.ts";
import type { WireReader } from "./wire-reader.ts";

/** Decodes the protobuf `ExportLogsServiceRequest`, only the fields of `DecodedLog` and the attributes in `keys`. */
export class ProtobufLogsDecoder {
  readonly #fields: FieldReader;

  constructor(keys: KeyTable) {
    this.#fields = new FieldReader(keys);
  }

  /** All log records of the request, in order. Throws `DecodeError`. */
  decode(bytes: Uint8Array): DecodedLog[] {
    const logs: DecodedLog[] = [];
    readRequest(bytes, this.#fields, (reader, end, resource, scope) => {
      checkItems(logs.length + 1);
      logs.push(this.#log(reader, end, resource, scope));
    });
    return logs;
  }

  #log(reader: WireReader, end: number, resource: Attributes, scope: DecodedScope): DecodedLog {
    const fields = this.#fields;
    const attributes = new Attributes();
    let eventName = "";
    let timeMicros = 0;
    let observedMicros = 0;
    let severity = 0;
    let body: AttributeValue | null = null;
    let traceId = "";
    let spanId = "";
    while (reader.position < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 0x09:
          timeMicros = reader.nanosAsMicros();
          break;
        case 0x10:
          severity = reader.uint32();
          break;
        case 0x2a:
          body = fields.scalar(reader, reader.enter(end));
          break;
        case 0x32:
          fields.attribute(reader, reader.enter(end), attributes);
          break;
        case 0x4a:
          traceId = fields.id(reader, end);
          break;
        case 0x52:
          spanId = fields.id(reader, end);
          break;
        case 0x59:
          observedMicros = reader.nanosAsMicros();
          break;
        case 0x62:
          eventName = fields.text(reader, end);
          break;
        default:
          reader.skip(tag, end);
      }
    }
    reader.leave(end);
    return { eventName, timeMicros, observedMicros, severity, body, traceId, spanId, attributes, resource, scope };
  }
}
