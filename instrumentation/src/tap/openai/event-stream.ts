import type { BodyObserver, Finding } from "../body/finding.ts";
import type { TokenUsage } from "../attempt/token-usage.ts";
import { readBody } from "./usage.ts";

/** An event larger than this is passed on unread, so that a broken stream cannot fill the memory. */
const EVENT_BYTES_MAX = 4_194_304;
const EVENT_END = /\r\n\r\n|\n\n|\r\r/g;
/** A delta that carries output: text, reasoning, a refusal or a tool call's arguments. */
const OUTPUT_DELTA = /"(?:content|reasoning_content|reasoning|refusal|arguments)"\s*:\s*"(?!")/;

/**
 * Reads a server-sent event stream of chat completion chunks (WHATWG "Server-sent events"; OpenAI chunk objects).
 * With `hideUsage` the caller did not ask for usage and must see the bytes it would have got without: the chunk that carries
 * only usage is taken out, and the `"usage":null` that OpenAI then adds to the others. Otherwise bytes pass untouched.
 */
export function observeEventStream(options: { readonly hideUsage: boolean }): BodyObserver {
  let pending = ""; // Latin-1: one character a byte, so slicing and joining lose nothing
  let usage: TokenUsage | null = null;
  let complete = false;
  let outputDeltas = 0;
  let responseModel: string | undefined;
  let responseId: string | undefined;
  let serviceTier: string | undefined;
  let errorType: string | undefined;

  /** Learns from one event and returns what the caller may see of it. */
  function event(text: string): string {
    const seenHead = responseModel !== undefined;
    if (OUTPUT_DELTA.test(text)) outputDeltas += 1;
    if (seenHead && !text.includes('"usage"') && !text.includes('"error"') && !text.includes("[DONE]")) return text;

    const data = dataOf(text);
    if (data === "[DONE]") complete = true;
    const chunk = parse(data);
    if (chunk === undefined) return text;
    const facts = readBody(chunk);
    responseModel ??= facts.model;
    responseId ??= facts.id;
    serviceTier = facts.serviceTier ?? serviceTier;
    errorType ??= facts.errorType;
    if (facts.usage !== null) {
      usage = { ...usage, ...facts.usage }; // providers that repeat usage send cumulative figures: the last wins
      if (facts.noChoices) complete = true;
    }
    if (!options.hideUsage) return text;
    if (facts.usage !== null && facts.noChoices) return "";
    return isNullUsage(chunk) ? text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,/, "") : text;
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
      return options.hideUsage ? bytesOf(visible) : bytes;
    },
    rest() {
      const visible = pending === "" ? "" : event(pending);
      pending = "";
      return bytesOf(options.hideUsage ? visible : "");
    },
    finding: (): Finding => ({ usage, complete, outputDeltas, responseModel, responseId, serviceTier, errorType }),
  };
}

/** The event's data, its lines joined as the SSE rules say. */
function dataOf(event: string): string {
  const lines = event.split(/\r\n|\n|\r/).filter((line) => line.startsWith("data:"));
  return lines.map((line) => line.slice(line.charAt(5) === " " ? 6 : 5)).join("\n");
}

function parse(data: string): unknown {
  try {
    return JSON.parse(Buffer.from(data, "latin1").toString("utf8"));
  } catch {
    return undefined;
  }
}

/** Bytes in a buffer of their own: a byte stream takes the buffer away from us, and Node's pooled ones are not ours to give. */
function bytesOf(latin1: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(latin1.length);
  bytes.write(latin1, "latin1");
  return new Uint8Array(bytes.buffer);
}

function isNullUsage(chunk: unknown): boolean {
  return typeof chunk === "object" && chunk !== null && (chunk as { usage?: unknown }).usage === null;
}
