import type { BodyObserver, Finding } from "../body/finding.ts";
import { readBody, readUsage } from "./usage.ts";
import type { BodyFacts } from "./usage.ts";

/** A body up to this size is kept whole until it ends; of a larger one (embeddings) only the end, where the usage is. */
const WHOLE_BYTES_MAX = 2_097_152;
const TAIL_BYTES = 65_536;

/** Reads the usage of a JSON response. Keeps a bounded copy: the chunks themselves go on to the caller. */
export function observeJsonBody(): BodyObserver {
  let parts: Buffer[] = [];
  let kept = 0;
  let truncated = false;
  let finding: Finding | null = null;

  function keep(bytes: Uint8Array): void {
    parts.push(Buffer.from(bytes)); // a copy: the caller's stream may take the buffer away
    kept += bytes.byteLength;
    if (kept <= WHOLE_BYTES_MAX) return;
    const tail = Buffer.concat(parts).subarray(-TAIL_BYTES);
    truncated = true;
    parts = [Buffer.from(tail)];
    kept = tail.byteLength;
  }

  function read(): Finding {
    const text = Buffer.concat(parts).toString("utf8");
    const facts = truncated ? null : parse(text);
    const usage = facts === null ? usageInTail(text) : facts.usage;
    return {
      usage,
      complete: usage !== null || facts !== null,
      outputDeltas: 0,
      responseModel: facts?.model,
      responseId: facts?.id,
      serviceTier: facts?.serviceTier,
      errorType: facts?.errorType,
    };
  }

  return {
    chunk(bytes) {
      keep(bytes);
      return bytes;
    },
    rest() {
      finding = read();
      parts = [];
      return new Uint8Array(0);
    },
    finding: () => finding ?? { ...NOTHING },
  };
}

/** Parsing happens once, at the end: until then nothing is known. */
const NOTHING: Finding = {
  usage: null,
  complete: false,
  outputDeltas: 0,
  responseModel: undefined,
  responseId: undefined,
  serviceTier: undefined,
  errorType: undefined,
};

function parse(text: string): BodyFacts | null {
  try {
    return readBody(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The last `"usage": {...}` of a cut text. Inside a JSON string the quotes would be escaped, so this is a real key. */
function usageInTail(text: string) {
  const start = [...text.matchAll(/"usage"\s*:\s*\{/g)].at(-1);
  if (start === undefined) return null;
  const open = start.index + start[0].length - 1;
  for (let close = text.indexOf("}", open); close !== -1; close = text.indexOf("}", close + 1)) {
    try {
      return readUsage(JSON.parse(text.slice(open, close + 1)));
    } catch {
      // a nested object ended; try the next brace
    }
  }
  return null;
}
