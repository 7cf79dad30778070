import { PREFIXED_NAME_BYTES_MAX, TEXT_BYTES_MAX, type Attributes, type AttributeValue } from "../attributes.ts";
import type { DecodedScope } from "../decoded-span.ts";
import type { KeyTable } from "../key-table.ts";
import { readStructured } from "./any-value.ts";
import { StringCache } from "./string-cache.ts";
import type { WireReader } from "./wire-reader.ts";

/** Ids are 16 or 8 bytes; of a longer one enough is kept to see that it is none. */
const ID_BYTES_MAX = 32;

/** Stands for a value beyond our limits, and for an array, a map or bytes. */
const TOO_LONG = Symbol("too long");
const NESTED = Symbol("nested");
type Read = AttributeValue | typeof TOO_LONG | typeof NESTED | undefined;

/** Reads the parts that all three signals share: attributes, resource, scope, texts and ids. */
export class FieldReader {
  readonly #keys: KeyTable;
  readonly #strings = new StringCache();

  constructor(keys: KeyTable) {
    this.#keys = keys;
  }

  resource(reader: WireReader, end: number, into: Attributes): void {
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) this.attribute(reader, reader.enter(end), into);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  scope(reader: WireReader, end: number, into: DecodedScope): void {
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) into.name = this.text(reader, end);
      else if (tag === 0x12) into.version = this.text(reader, end);
      else reader.skip(tag, end);
    }
    reader.leave(end);
  }

  /** Reads one `KeyValue`; when its key is not one of ours the value is never looked at. */
  attribute(reader: WireReader, end: number, into: Attributes): void {
    let key: string | undefined;
    let prefixed = false;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.position < end) {
      const tag = reader.uint32();
      if (tag === 0x0a) {
        const keyEnd = reader.enter(end);
        key = this.#keys.find(reader.bytes, reader.position, keyEnd);
        prefixed = key === undefined && this.#keys.findPrefix(reader.bytes, reader.position, keyEnd);
        if (prefixed) key = this.#prefixedName(reader, keyEnd);
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
    let value = this.#value(reader, valueEnd);
    if (value === NESTED && this.#keys.isStructured(key)) {
      reader.position = valueStart;
      value = readStructured(reader, valueEnd) ?? TOO_LONG;
    }
    reader.position = end;
    if (value === TOO_LONG) into.omit(key);
    else if (value === undefined || value === NESTED) return;
    else if (prefixed) into.addPrefixed(key, value);
    else into.add(key, value);
  }

  /** A scalar `AnyValue`; null = another kind, none, or longer than our limit. */
  scalar(reader: WireReader, end: number): AttributeValue | null {
    const value = this.#value(reader, end);
    return typeof value === "symbol" || value === undefined ? null : value;
  }

  /** A text; one beyond our limit reads as if it had not been sent. */
  text(reader: WireReader, end: number): string {
    const text = this.#text(reader, end);
    return text === TOO_LONG ? "" : text;
  }

  /** An id's bytes as lower-case hex. */
  id(reader: WireReader, end: number): string {
    const idEnd = reader.enter(end);
    const text = reader.bytes.toString("hex", reader.position, Math.min(idEnd, reader.position + ID_BYTES_MAX));
    reader.position = idEnd;
    return text;
  }

  /** Reads an `AnyValue`. The last of several wins (oneof); an unknown kind is undefined. */
  #value(reader: WireReader, end: number): Read {
    let value: Read;
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
          value = tag === 0x2a || tag === 0x32 || tag === 0x3a ? NESTED : undefined;
          reader.skip(tag, end);
      }
    }
    reader.leave(end);
    return value;
  }

  #text(reader: WireReader, end: number): string | typeof TOO_LONG {
    const textEnd = reader.enter(end);
    const textStart = reader.position;
    reader.position = textEnd;
    if (textEnd - textStart > TEXT_BYTES_MAX) return TOO_LONG;
    return this.#strings.read(reader.bytes, textStart, textEnd);
  }

  /** The name under a prefix, or so much of it that it is seen to be too long. */
  #prefixedName(reader: WireReader, end: number): string {
    return this.#strings.read(
      reader.bytes,
      reader.position,
      Math.min(end, reader.position + PREFIXED_NAME_BYTES_MAX + 1),
    );
  }
}
