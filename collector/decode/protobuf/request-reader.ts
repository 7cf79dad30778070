import { Attributes } from "../attributes.ts";
import type { DecodedScope } from "../decoded-span.ts";
import type { FieldReader } from "./field-reader.ts";
import { WireReader } from "./wire-reader.ts";

/** Reads one item (span, metric or log record) that ends at `end`, of this resource and scope. */
export type ItemReader = (reader: WireReader, end: number, resource: Attributes, scope: DecodedScope) => void;

/**
 * Walks an export request of any signal down to its items: the three have the same shape and field numbers
 * (`resource_*` = 1; in it `resource` = 1, `scope_*` = 2; in that `scope` = 1, items = 2). Fields may come in any order,
 * therefore a resource or scope is one object that its items already hold when it is filled. Throws `DecodeError`.
 */
export function readRequest(bytes: Uint8Array, fields: FieldReader, item: ItemReader): void {
  const reader = new WireReader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const end = bytes.length;
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) readResourceItems(reader, reader.enter(end), fields, item);
    else reader.skip(tag, end);
  }
  reader.leave(end);
}

function readResourceItems(reader: WireReader, end: number, fields: FieldReader, item: ItemReader): void {
  const resource = new Attributes();
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) fields.resource(reader, reader.enter(end), resource);
    else if (tag === 0x12) readScopeItems(reader, reader.enter(end), resource, fields, item);
    else reader.skip(tag, end);
  }
  reader.leave(end);
}

function readScopeItems(
  reader: WireReader,
  end: number,
  resource: Attributes,
  fields: FieldReader,
  item: ItemReader,
): void {
  const scope: DecodedScope = { name: "", version: "" };
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x12) item(reader, reader.enter(end), resource, scope);
    else if (tag === 0x0a) fields.scope(reader, reader.enter(end), scope);
    else reader.skip(tag, end);
  }
  reader.leave(end);
}
