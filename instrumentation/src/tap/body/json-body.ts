import { parseFields } from "../formats/fields.ts";
import type { Fields } from "../formats/fields.ts";
import type { BodyObserver } from "./finding.ts";
import type { MessageReader } from "./message-reader.ts";

/** A body up to this size is kept whole until it ends; of a larger one (embeddings, images) only the end, where the usage is. */
const WHOLE_BYTES_MAX = 2_097_152;
const TAIL_BYTES = 65_536;

/** Reads the usage of a JSON answer, in one too large under `usageKeys`. Keeps a bounded copy: the chunks themselves go on to the caller. */
export function observeJsonBody(reader: MessageReader, usageKeys: readonly string[]): BodyObserver {
  let parts: Buffer[] = [];
  let kept = 0;
  let truncated = false;

  function keep(bytes: Uint8Array): void {
    parts.push(Buffer.from(bytes)); // a copy: the caller's stream may take the buffer away
    kept += bytes.byteLength;
    if (kept <= WHOLE_BYTES_MAX) return;
    const tail = Buffer.concat(parts).subarray(-TAIL_BYTES);
    truncated = true;
    parts = [Buffer.from(tail)];
    kept = tail.byteLength;
  }

  return {
    chunk(bytes) {
      keep(bytes);
      return bytes;
    },
    /** Parsing happens once, at the end: until then nothing is known. */
    rest() {
      const text = Buffer.concat(parts).toString("utf8");
      parts = [];
      reader.whole(text, truncated ? usageInTail(text, usageKeys) : parseFields(text));
      return new Uint8Array(0);
    },
    finding: () => reader.finding(),
  };
}

/** The last `"usage": {...}` of a cut text. Inside a JSON string the quotes would be escaped, so this is a real key. */
function usageInTail(text: string, keys: readonly string[]): Fields | null {
  const start = [...text.matchAll(new RegExp(`"(${keys.join("|")})"\\s*:\\s*\\{`, "g"))].at(-1);
  if (start?.[1] === undefined) return null;
  const open = start.index + start[0].length - 1;
  for (let close = text.indexOf("}", open); close !== -1; close = text.indexOf("}", close + 1)) {
    const usage = parseFields(text.slice(open, close + 1)); // null: a nested object ended; try the next brace
    if (usage !== null) return { [start[1]]: usage };
  }
  return null;
}
