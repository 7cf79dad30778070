import { Attributes, type AttributeValue } from "./attributes.ts";
import type { DecodedScope, DecodedSpan } from "./decoded-span.ts";
import type { KeyTable } from "./key-table.ts";
import { StringCache } from "./string-cache.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * Decodes the protobuf `ExportTraceServiceRequest` (opentelemetry-proto 1.x), only the fields of `DecodedSpan` and only
 * the attributes in `keys`; the rest is passed over by its length. A field of the wrong wire type counts as unknown.
 *
 * Each case below is a field's tag: field number << 3 | wire type. Fields may come in any order, therefore a resource or
 * scope is one object that its spans already hold when it is filled.
 */
export class ProtobufTraceDecoder {
  readonly #keys: KeyTable;
  readonly #strings = new StringCache();

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  /** All spans of the request, in order. Throws `DecodeError`. */
  decode(bytes: Uint8Array): DecodedSpan[] {
    const reader = new WireReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    const spans: DecodedSpan[] = [];
    const end = bytes.length;
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) this.#resourceSpans(reader, reader.enter(end), spans);
      else reader.skip(tag, end);
    }
    reader.leave(end);
    return spans;
  }

  #resourceSpans(reader: WireReader, end: number, spans: DecodedSpan[]): void {
    const resource = new Attributes();
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) this.#resource(reader, reader.enter(end), resource);
      else if (tag === 0x12) this.#scopeSpans(reader, reader.enter(end), resource, spans);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  #resource(reader: WireReader, end: number, resource: Attributes): void {
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) this.#attribute(reader, reader.enter(end), resource);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  #scopeSpans(reader: WireReader, end: number, resource: Attributes, spans: DecodedSpan[]): void {
    const scope: DecodedScope = { name: "", version: "" };
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x12) spans.push(this.#span(reader, reader.enter(end), resource, scope));
      else if (tag === 0x0a) this.#scope(reader, reader.enter(end), scope);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  #scope(reader: WireReader, end: number, scope: DecodedScope): void {
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) scope.name = this.#text(reader, end);
      else if (tag === 0x12) scope.version = this.#text(reader, end);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  #span(reader: WireReader, end: number, resource: Attributes, scope: DecodedScope): DecodedSpan {
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
          traceId = hex(reader, end);
          break;
        case 0x12:
          spanId = hex(reader, end);
          break;
        case 0x22:
          parentSpanId = hex(reader, end);
          break;
        case 0x2a:
          name = this.#text(reader, end);
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
          this.#attribute(reader, reader.enter(end), attributes);
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

  /** Reads one `KeyValue`; when its key is not one of ours the value is never looked at. */
  #attribute(reader: WireReader, end: number, into: Attributes): void {
    let key: string | undefined;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) {
        const keyEnd = reader.enter(end);
        key = this.#keys.find(reader.bytes, reader.position, keyEnd);
        reader.position = keyEnd;
      } else if (tag === 0x12) {
        valueEnd = reader.enter(end);
        valueStart = reader.position;
        reader.position = valueEnd;
      } else reader.skip(tag, end);
    }
    reader.leave(end);
    if (key === undefined || valueStart < 0) return;
    reader.position = valueStart;
    const value = this.#value(reader, valueEnd);
    reader.position = end;
    if (value !== undefined) into.add(key, value);
  }

  /** Reads an `AnyValue`; arrays, maps and bytes carry no usage and are undefined. The last of several wins (oneof). */
  #value(reader: WireReader, end: number): AttributeValue | undefined {
    let value: AttributeValue | undefined;
    while (reader.position < end) {
      const tag = reader.uint32();
      switch (tag) {
        case 0x0a:
          value = this.#text(reader, end);
          break;
        case 0x10:
          value = reader.int64() !== 0;
          break;
        case 0x18:
          value = reader.int64();
          break;
        case 0x21:
          value = reader.double();
          break;
        default:
          value = undefined;
          reader.skip(tag, end);
      }
    }
    reader.leave(end);
    return value;
  }

  #text(reader: WireReader, end: number): string {
    const textEnd = reader.enter(end);
    const text = this.#strings.read(reader.bytes, reader.position, textEnd);
    reader.position = textEnd;
    return text;
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

function hex(reader: WireReader, end: number): string {
  const idEnd = reader.enter(end);
  const text = reader.bytes.toString("hex", reader.position, idEnd);
  reader.position = idEnd;
  return text;
}
