import { crypto } from "../../process/crypto.ts";

/** A UUID version 7 (RFC 9562, 5.7): sorts by time, so reservations made one after the other are neighbours in an index. */
export function uuidV7(nowMs: number = Date.now()): string {
  const bytes = crypto().randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = 0x70 | (bytes[6]! & 0x0f);
  bytes[8] = 0x80 | (bytes[8]! & 0x3f);
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
