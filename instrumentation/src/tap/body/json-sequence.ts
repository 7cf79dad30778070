import type { BodyObserver } from "./finding.ts";
import type { MessageReader } from "./message-reader.ts";

/** An object larger than this is passed on unread, so that a broken stream cannot fill the memory. */
const OBJECT_BYTES_MAX = 4_194_304;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/** Reads a stream of JSON objects as they come: one a line, or as the elements of one array (Gemini). Bytes pass untouched. */
export function observeJsonSequence(reader: MessageReader): BodyObserver {
  let pending = ""; // Latin-1, what is open of an object
  let depth = 0;
  let inString = false;
  let escaped = false;

  /** Whether the character at `code` ends an object of the sequence. */
  function endsObject(code: number): boolean {
    if (escaped) escaped = false;
    else if (inString && code === BACKSLASH) escaped = true;
    else if (code === QUOTE) inString = !inString && depth > 0;
    else if (inString) return false;
    else if (code === OPEN) depth += 1;
    else if (code === CLOSE && depth > 0) return --depth === 0;
    return false;
  }

  function read(text: string): void {
    let start = 0;
    for (let at = 0; at < text.length; at += 1) {
      const wasBetween = depth === 0;
      const ends = endsObject(text.charCodeAt(at));
      if (wasBetween && depth > 0) start = at;
      if (!ends) continue;
      object(pending + text.slice(start, at + 1));
      pending = "";
      start = at + 1;
    }
    if (depth > 0) pending += text.slice(start);
    if (pending.length > OBJECT_BYTES_MAX) pending = ""; // the rest of it will not parse
  }

  function object(text: string): void {
    reader.streamed(text, () => Buffer.from(text, "latin1").toString("utf8"));
  }

  return {
    chunk(bytes) {
      read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"));
      return bytes;
    },
    rest: () => new Uint8Array(0),
    finding: () => reader.finding(),
  };
}
