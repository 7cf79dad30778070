import type { AnswerFormat } from "../formats/wire-format.ts";
import type { BodyObserver } from "./finding.ts";
import { observeEventStream } from "./event-stream.ts";
import { observeJsonBody } from "./json-body.ts";
import { observeJsonSequence } from "./json-sequence.ts";
import { MessageReader } from "./message-reader.ts";

/** The observer of an answer, by its content type; JSON in answer to a request for a stream is a sequence of objects. */
export function observerFor(
  format: AnswerFormat,
  contentType: string,
  { stream, hideUnasked }: { readonly stream: boolean; readonly hideUnasked: boolean },
): BodyObserver {
  if (/^text\/event-stream\b/i.test(contentType)) return observeEventStream(format, { hideUnasked });
  if (stream) return observeJsonSequence(format);
  if (/^(audio|image|video)\//i.test(contentType)) return passThrough(format);
  return observeJsonBody(format);
}

/** Speech and the like: bytes that say nothing of their usage. */
function passThrough(format: AnswerFormat): BodyObserver {
  const finding = new MessageReader(format).finding();
  return { chunk: (bytes) => bytes, rest: () => new Uint8Array(0), finding: () => finding };
}
