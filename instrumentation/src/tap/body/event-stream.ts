import type { AnswerFormat } from "../formats/wire-format.ts";
import type { BodyObserver } from "./finding.ts";
import type { MessageReader } from "./message-reader.ts";

/** An event larger than this is passed on unread, so that a broken stream cannot fill the memory. */
const EVENT_BYTES_MAX = 4_194_304;
const EVENT_END = /\r\n\r\n|\n\n|\r\r/g;

/**
 * Reads a stream of server-sent events (WHATWG "Server-sent events"). With `unasked` the caller did not ask for usage and must
 * see the bytes it would have got without: that function says which. Otherwise bytes pass untouched.
 */
export function observeEventStream(reader: MessageReader, unasked: AnswerFormat["unasked"]): BodyObserver {
  let pending = ""; // Latin-1: one character a byte, so slicing and joining lose nothing

  /** Learns from one event and returns what the caller may see of it. */
  function event(text: string): string {
    if (text.includes("data: [DONE]") || text.includes("data:[DONE]")) reader.complete();
    const message = reader.streamed(text, () => Buffer.from(dataOf(text), "latin1").toString("utf8"));
    return message === null || unasked === undefined ? text : unasked(text, message);
  }

  return {
    chunk(bytes) {
      pending += Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
      let visible = "";
      let start = 0;
      for (const end of pending.matchAll(EVENT_END)) {
        const next = end.index + end[0].length;
        visible += event(pending.slice(start, next));
        start = next;
      }
      pending = pending.slice(start);
      if (pending.length > EVENT_BYTES_MAX) {
        visible += pending;
        pending = "";
      }
      return unasked === undefined ? bytes : bytesOf(visible);
    },
    rest() {
      const visible = pending === "" ? "" : event(pending);
      pending = "";
      return bytesOf(unasked === undefined ? "" : visible);
    },
    finding: () => reader.finding(),
  };
}

/** The event's data, its lines joined as the SSE rules say. */
function dataOf(event: string): string {
  const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(line.charAt(5) === " " ? 6 : 5)).join("\n");
}

/** Bytes in a buffer of their own: a byte stream takes the buffer away from us, and Node's pooled ones are not ours to give. */
function bytesOf(latin1: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(latin1.length);
  bytes.write(latin1, "latin1");
  return new Uint8Array(bytes.buffer);
}
