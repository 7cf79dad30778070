import { parseFields } from "../formats/fields.ts";
import type { BodyObserver } from "./finding.ts";
import type { MessageReader } from "./message-reader.ts";

/** A message: total length and headers' length (4 bytes each), a checksum (4), headers, payload, a checksum (4). */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;
/** A larger message is no message: the rest of the stream passes unread. AWS allows 16 MiB. */
const MESSAGE_BYTES_MAX = 16_777_216;
/** The type of a header's value that is a text: its length (2 bytes), then UTF-8. */
const TEXT = 7;
/** Sizes of the values of the other types: true, false, byte, short, integer, long, (bytes and text), timestamp, UUID. */
const VALUE_BYTES: Readonly<Record<number, number>> = { 0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16 };

/**
 * Reads a stream in AWS' binary framing (`application/vnd.amazon.eventstream`). Checksums are the SDK's affair. A model's own
 * message, which InvokeModelWithResponseStream wraps in base64, is unwrapped; an exception is read as `{"exception": its type}`.
 */
export function observeAwsEventStream(reader: MessageReader): BodyObserver {
  let pending = Buffer.alloc(0);
  let broken = false;

  function read(message: Buffer): void {
    try {
      const text = textOf(message);
      reader.streamed(text, () => text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // lengths that point beyond the message: not this framing
      broken = true;
    }
  }

  return {
    chunk(bytes) {
      if (broken) return bytes;
      pending = Buffer.concat([pending, bytes]);
      while (pending.length >= PRELUDE_BYTES) {
        const length = pending.readUInt32BE(0);
        broken = length < PRELUDE_BYTES + CHECKSUM_BYTES || length > MESSAGE_BYTES_MAX;
        if (broken) pending = Buffer.alloc(0);
        if (broken || pending.length < length) break;
        read(pending.subarray(0, length));
        pending = pending.subarray(length);
      }
      return bytes;
    },
    rest: () => new Uint8Array(0),
    finding: () => reader.finding(),
  };
}

/** The JSON text of one message. */
function textOf(message: Buffer): string {
  const headersEnd = PRELUDE_BYTES + message.readUInt32BE(4);
  const headers = textHeaders(message.subarray(PRELUDE_BYTES, headersEnd));
  const exception = headers.get(":exception-type") ?? headers.get(":error-code");
  if (exception !== undefined) return JSON.stringify({ exception });
  const payload = message.subarray(headersEnd, message.length - CHECKSUM_BYTES).toString("utf8");
  if (headers.get(":event-type") !== "chunk") return payload;
  const bytes = parseFields(payload)?.["bytes"];
  return typeof bytes === "string" ? Buffer.from(bytes, "base64").toString("utf8") : payload;
}

/** The headers whose value is a text: name's length (1 byte), name, type (1), value. */
function textHeaders(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const nameStart = at + 1;
    const nameEnd = nameStart + bytes.readUInt8(at);
    const type = bytes.readUInt8(nameEnd);
    const sized = VALUE_BYTES[type];
    const valueStart = nameEnd + (sized === undefined ? 3 : 1);
    at = valueStart + (sized ?? bytes.readUInt16BE(nameEnd + 1));
    if (type === TEXT) headers.set(bytes.toString("utf8", nameStart, nameEnd), bytes.toString("utf8", valueStart, at));
  }
  return headers;
}
