import { delimited, double, fixed32, fixed64, integer } from "../decode/protobuf-wire.ts";

/** How a field's value is written: protobuf's types, and those OTLP/JSON writes in its own way (`id`, `nanos`). */
export type Kind =
  "text" | "id" | "bytes" | "varint" | "bool" | "fixed32" | "nanos" | "sfixed64" | "double" | "message";

/** One field of an OTLP message with both its names, so that one random request can be sent in either encoding. */
export interface Field {
  readonly number: number;
  readonly name: string;
  readonly kind: Kind;
  readonly value: string | bigint | number | boolean | Message;
  /** In JSON an element of a list. */
  readonly repeated?: boolean;
  /** What happens to its bytes when it is written as protobuf. */
  readonly damage?: (bytes: Buffer) => Buffer;
  /** What is written for its value in JSON instead. */
  readonly json?: unknown;
}

export type Message = readonly Field[];

export function protobufOf(message: Message): Buffer {
  return Buffer.concat(message.map((field) => (field.damage ?? unchanged)(written(field))));
}

function written({ number, kind, value }: Field): Buffer {
  return typeof value === "object" ? delimited(number, protobufOf(value)) : WRITERS[kind](number, value);
}

type Scalar = Exclude<Field["value"], Message>;

const delimitedText = (number: number, value: Scalar): Buffer => delimited(number, String(value));
const eightBytes = (number: number, value: Scalar): Buffer => fixed64(number, BigInt.asUintN(64, BigInt(value)));
const varint = (number: number, value: Scalar): Buffer => integer(number, BigInt(value));

const WRITERS: Readonly<Record<Kind, (number: number, value: Scalar) => Buffer>> = {
  message: delimitedText,
  text: delimitedText,
  bytes: delimitedText,
  id: (number, value) => delimited(number, Buffer.from(String(value), "hex")),
  varint,
  bool: varint,
  nanos: eightBytes,
  sfixed64: eightBytes,
  fixed32: (number, value) => fixed32(number, Number(value)),
  double: (number, value) => double(number, Number(value)),
};

export function jsonOf(message: Message): object {
  const object: Record<string, unknown> = {};
  for (const field of message) {
    const value = "json" in field ? field.json : jsonValue(field);
    const list = object[field.name];
    if (!field.repeated) object[field.name] = value;
    else if (Array.isArray(list)) list.push(value);
    else object[field.name] = [value];
  }
  return object;
}

function jsonValue({ kind, value }: Field): unknown {
  if (typeof value === "object") return jsonOf(value);
  if (kind === "bytes") return Buffer.from(String(value)).toString("base64");
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  // Small ones as numbers, the rest as proto3 JSON has them: senders do both.
  if (typeof value === "bigint")
    return kind === "varint" && value < 1000n && value > -1000n ? Number(value) : String(value);
  return value;
}

function unchanged(bytes: Buffer): Buffer {
  return bytes;
}
