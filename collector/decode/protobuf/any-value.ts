import { TEXT_BYTES_MAX } from "../attributes.ts";
import { canonicalJson, mapOf, TreeBudget, type StructuredValue } from "../structured-value.ts";
import type { WireReader } from "./wire-reader.ts";

/** What takes more bytes than this could not be a JSON text of the size we keep, short of padding. */
const TREE_BYTES_MAX = 4 * TEXT_BYTES_MAX;

/** An array or map as canonical JSON; null = deeper or larger than our limits. Leaves the reader at `end`. */
export function readStructured(reader: WireReader, end: number): string | null {
  if (end - reader.position > TREE_BYTES_MAX) {
    reader.position = end;
    return null;
  }
  const budget = new TreeBudget();
  const value = readAnyValue(reader, end, budget, 0);
  return budget.exceeded ? null : canonicalJson(value);
}

/**
 * Reads an `AnyValue` with all it holds: arrays, maps, and bytes as base64; null = an empty value. The last of several
 * wins (oneof). The cost is bounded by the budget: once it is exceeded the rest is passed over and the result is void.
 */
function readAnyValue(reader: WireReader, end: number, budget: TreeBudget, depth: number): StructuredValue {
  let value: StructuredValue = null;
  if (!budget.admits(depth)) reader.position = end;
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x0a:
        value = readBytes(reader, end).toString("utf8");
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
      case 0x2a:
        value = readArray(reader, reader.enter(end), budget, depth + 1);
        break;
      case 0x32:
        value = readMap(reader, reader.enter(end), budget, depth + 1);
        break;
      case 0x3a:
        value = readBytes(reader, end).toString("base64");
        break;
      default:
        value = null;
        reader.skip(tag, end);
    }
  }
  reader.leave(end);
  return value;
}

function readArray(reader: WireReader, end: number, budget: TreeBudget, depth: number): StructuredValue {
  const values: StructuredValue[] = [];
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) values.push(readAnyValue(reader, reader.enter(end), budget, depth));
    else reader.skip(tag, end);
  }
  reader.leave(end);
  return values;
}

function readMap(reader: WireReader, end: number, budget: TreeBudget, depth: number): StructuredValue {
  const entries: [string, StructuredValue][] = [];
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) entries.push(readEntry(reader, reader.enter(end), budget, depth));
    else reader.skip(tag, end);
  }
  reader.leave(end);
  return mapOf(entries);
}

function readEntry(reader: WireReader, end: number, budget: TreeBudget, depth: number): [string, StructuredValue] {
  let name = "";
  let value: StructuredValue = null;
  while (reader.position < end) {
    const tag = reader.uint32();
    if (tag === 0x0a) name = readBytes(reader, end).toString("utf8");
    else if (tag === 0x12) value = readAnyValue(reader, reader.enter(end), budget, depth);
    else reader.skip(tag, end);
  }
  reader.leave(end);
  return [name, value];
}

function readBytes(reader: WireReader, end: number): Buffer {
  const bytesEnd = reader.enter(end);
  const bytes = reader.bytes.subarray(reader.position, bytesEnd);
  reader.position = bytesEnd;
  return bytes;
}
