import type { AnswerFormat, HeaderGetter } from "../formats/wire-format.ts";
import { observeAwsEventStream } from "./aws-event-stream.ts";
import { observeEventStream } from "./event-stream.ts";
import type { BodyObserver } from "./finding.ts";
import { observeJsonBody } from "./json-body.ts";
import { observeJsonSequence } from "./json-sequence.ts";
import { MessageReader } from "./message-reader.ts";

/** The observer of an answer, by its content type; JSON in answer to a request for a stream is a sequence of objects. */
export function observerFor(
  format: AnswerFormat,
  header: HeaderGetter,
  { stream, hideUnasked }: { readonly stream: boolean; readonly hideUnasked: boolean },
): BodyObserver {
  const reader = new MessageReader(format);
  if (format.readHeaders !== undefined) reader.learn(format.readHeaders(header));
  const contentType = (header("content-type") ?? "").toLowerCase();
  if (contentType.startsWith("text/event-stream"))
    return observeEventStream(reader, hideUnasked ? format.unasked : undefined);
  if (contentType.startsWith("application/vnd.amazon.eventstream")) return observeAwsEventStream(reader);
  if (stream) return observeJsonSequence(reader);
  if (/^(audio|image|video)\//.test(contentType)) return passThrough(reader);
  return observeJsonBody(reader, format.usageKeys);
}

/** Speech and the like: bytes that say nothing of their usage. */
function passThrough(reader: MessageReader): BodyObserver {
  return { chunk: (bytes) => bytes, rest: () => new Uint8Array(0), finding: () => reader.finding() };
}
