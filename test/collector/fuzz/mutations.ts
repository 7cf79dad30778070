import type { Field, Message } from "./otlp-message.ts";
import type { Random } from "./random.ts";

/** What JSON senders get wrong, and what nobody sends. */
const JSON_JUNK: readonly unknown[] = [
  null,
  [],
  [[[]]],
  {},
  { a: 1 },
  true,
  0,
  -1.5,
  1e300,
  "",
  "x",
  "18446744073709551616",
  "1e3",
  "NaN",
  "\ud800",
];

/** Changes one field somewhere in the tree: its place, number, type, length or value, or how often it is there. */
export function mutateTree(random: Random, message: Message): Message {
  if (message.length === 0) return message;
  const at = random.below(message.length);
  const field = message[at]!;
  if (field.kind === "message" && random.chance(0.8)) {
    return message.with(at, { ...field, value: mutateTree(random, field.value as Message) });
  }
  switch (random.below(8)) {
    case 0:
      return message.toSpliced(at, 1);
    case 1:
      return [...message, ...Array.from({ length: 1 + random.below(20) }, () => field)];
    case 2:
      return message.toReversed();
    case 3:
      return message.with(at, { ...field, number: 1 + random.below(20) });
    case 4:
      return message.with(at, { ...field, json: random.pick(JSON_JUNK), damage: otherWireType(random) });
    case 5:
      return message.with(at, { ...field, json: random.pick(JSON_JUNK), damage: otherLength(random) });
    case 6:
      return message.with(at, nest(field, 1 + random.below(random.chance(0.1) ? 400 : 40)));
    default:
      return message.with(at, { ...field, json: numberAsText(field), damage: hugeVarint(random) });
  }
}

/** Changes bytes wherever they stand: cut, flipped, inserted, removed, repeated, not UTF-8. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  if (bytes.length === 0) return random.bytes(4);
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1: {
      const flipped = Buffer.from(bytes);
      for (let flip = random.below(4); flip >= 0; flip--) flipped[random.below(bytes.length)]! ^= 1 << random.below(8);
      return flipped;
    }
    case 2:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(1 + random.below(8)), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16))]);
    case 4:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0]), bytes.subarray(at)]);
  }
}

function otherWireType(random: Random): (bytes: Buffer) => Buffer {
  const change = 1 + random.below(7);
  return (bytes) => withByte(bytes, 0, bytes[0]! ^ change);
}

function otherLength(random: Random): (bytes: Buffer) => Buffer {
  const change = 1 + random.below(127);
  return (bytes) => withByte(bytes, 1, bytes[1]! ^ change);
}

/** The field's tag and then a varint of 9, 10 or 11 bytes, for a length or a number. */
function hugeVarint(random: Random): (bytes: Buffer) => Buffer {
  const huge = Buffer.from([...Array<number>(8 + random.below(3)).fill(0xff), random.below(0x80)]);
  return (bytes) => Buffer.concat([bytes.subarray(0, 1), huge]);
}

/** The field inside itself, many times. */
function nest(field: Field, levels: number): Field {
  let nested = field;
  for (let level = 0; level < levels; level++) nested = { ...field, kind: "message", value: [nested] };
  return nested;
}

function numberAsText({ value }: Field): unknown {
  if (typeof value === "object") return value.length;
  return typeof value === "string" ? Number(value) : String(value);
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  const changed = Buffer.from(bytes);
  if (at < changed.length) changed[at] = value;
  return changed;
}
