import { DecodeError } from "../decode-error.ts";

const TWO_TO_32 = 4_294_967_296;
/** Groups are the one protobuf construct that nests without lengths; nobody sends them, we skip a few levels. */
const GROUP_DEPTH_MAX = 16;

/**
 * Reads the protobuf wire format in place: no copies, no recursion, every read checked against the end of the buffer.
 * A message is read with `while (reader.position < end)` and closed with `leave(end)`.
 */
export class WireReader {
  readonly bytes: Buffer;
  position = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  /** A varint's low 32 bits, unsigned: tags, lengths, enums. */
  uint32(): number {
    const byte = this.#byte();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    for (let shift = 7; shift < 70; shift += 7) {
      const next = this.#byte();
      if (shift < 32) value |= (next & 0x7f) << shift;
      if (next < 0x80) return value >>> 0;
    }
    throw new DecodeError("a varint is longer than 10 bytes");
  }

  /** A signed 64-bit varint; exact up to 2^53. */
  int64(): number {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return high * TWO_TO_32 + (low >>> 0);
    }
    throw new DecodeError("a varint is longer than 10 bytes");
  }

  fixed32(): number {
    const at = this.#take(4);
    return this.bytes.readUInt32LE(at);
  }

  /** A signed 64-bit integer of eight bytes; exact up to 2^53. */
  sfixed64(): number {
    const at = this.#take(8);
    return this.bytes.readInt32LE(at + 4) * TWO_TO_32 + this.bytes.readUInt32LE(at);
  }

  double(): number {
    return this.bytes.readDoubleLE(this.#take(8));
  }

  /**
   * A fixed64 count of nanoseconds as whole microseconds, rounded down; exact for every instant before the year 2255.
   * 2^32 ns = 4 294 967 us + 296 ns, so the two halves are divided apart without a 64-bit integer.
   */
  nanosAsMicros(): number {
    const at = this.#take(8);
    const low = this.bytes.readUInt32LE(at);
    const high = this.bytes.readUInt32LE(at + 4);
    return high * 4_294_967 + Math.floor((high * 296 + low) / 1000);
  }

  /** Enters a length-delimited field inside a message that ends at `end`: returns where the field ends. */
  enter(end: number): number {
    const length = this.uint32();
    if (length > end - this.position) throw new DecodeError("a field is longer than the message that holds it");
    return this.position + length;
  }

  /** Checks that the fields of a message filled it exactly. */
  leave(end: number): void {
    if (this.position !== end) throw new DecodeError("a field runs past the end of its message");
  }

  /** Passes over the field that `tag` announced, whatever it is. */
  skip(tag: number, end: number): void {
    if ((tag & 7) !== 3) {
      this.#skipScalar(tag, end);
      return;
    }
    for (let depth = 1; depth > 0;) {
      const inner = this.uint32();
      if ((inner & 7) === 3) depth++;
      else if ((inner & 7) === 4) depth--;
      else this.#skipScalar(inner, end);
      if (depth > GROUP_DEPTH_MAX) throw new DecodeError("groups are nested too deeply");
    }
  }

  #skipScalar(tag: number, end: number): void {
    switch (tag & 7) {
      case 0:
        this.int64();
        return;
      case 1:
        this.#take(8);
        return;
      case 2:
        this.position = this.enter(end);
        return;
      case 5:
        this.#take(4);
        return;
      default:
        throw new DecodeError(`wire type ${tag & 7} does not exist or stands alone`);
    }
  }

  #byte(): number {
    if (this.position >= this.bytes.length) throw new DecodeError("the message is cut off");
    return this.bytes[this.position++]!;
  }

  #take(length: number): number {
    const at = this.position;
    if (length > this.bytes.length - at) throw new DecodeError("the message is cut off");
    this.position = at + length;
    return at;
  }
}
