import { Attributes } from "../attributes.ts";
import { FLAG_NO_RECORDED_VALUE, type DecodedPoint } from "../decoded-point.ts";
import type { FieldReader } from "./field-reader.ts";
import type { WireReader } from "./wire-reader.ts";

export type NumberPoint = Pick<DecodedPoint, "startMicros" | "timeMicros" | "value" | "attributes">;

/** Reads a `NumberDataPoint`, the point of gauges and sums. */
export function readNumberPoint(reader: WireReader, end: number, fields: FieldReader): NumberPoint {
  const attributes = new Attributes();
  let startMicros = 0;
  let timeMicros = 0;
  let value: number | null = null;
  let flags = 0;
  while (reader.position < end) {
    const tag = reader.uint32();
    switch (tag) {
      case 0x11:
        startMicros = reader.nanosAsMicros();
        break;
      case 0x19:
        timeMicros = reader.nanosAsMicros();
        break;
      case 0x21:
        value = reader.double();
        break;
      case 0x31:
        value = reader.sfixed64();
        break;
      case 0x3a:
        fields.attribute(reader, reader.enter(end), attributes);
        break;
      case 0x40:
        flags = reader.uint32();
        break;
      default:
        reader.skip(tag, end);
    }
  }
  reader.leave(end);
  return { startMicros, timeMicros, value: (flags & FLAG_NO_RECORDED_VALUE) === 0 ? value : null, attributes };
}
