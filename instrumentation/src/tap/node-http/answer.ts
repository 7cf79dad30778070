import type { Readable, Transform } from "node:stream";

import type { Attempt } from "../attempt/attempt.ts";
import type { BodyObserver } from "../body/finding.ts";
import { observerFor } from "../body/observer-for.ts";
import type { BodyEnd } from "../body/body-end.ts";
import type { HeaderGetter } from "../formats/wire-format.ts";
import type { ProviderCall } from "../provider-call.ts";
import { watchBody } from "./watched-body.ts";

/** An answer whose headers are here and whose body is about to come. */
export interface NodeAnswer {
  readonly status: number;
  readonly header: HeaderGetter;
  readonly body: Readable;
  readonly isWhole: () => boolean;
  readonly wasCut: () => boolean;
}

/** Meters an answer: finishes the attempt when its body ends. */
export function meterAnswer(call: ProviderCall, attempt: Attempt, answer: NodeAnswer, stalledMs: number): void {
  const { status, header, body, isWhole, wasCut } = answer;
  if (status < 200 || status > 299) return attempt.finish({ kind: "refused", httpStatus: status }, null);
  const observer = observerFor(call.endpoint.answer, header, { stream: call.facts.stream, hideUnasked: false });
  const reading = decoded(header("content-encoding") ?? "", observer);
  const onEnd = (end: BodyEnd) => reading.end(() => attempt.finish(end, observer.finding()));
  watchBody(body, { onBytes: reading.bytes, isWhole, wasCut, stalledMs, onEnd });
}

interface Reading {
  readonly bytes: (bytes: Uint8Array) => void;
  /** No bytes follow; calls back when all have been read. */
  readonly end: (whenRead: () => void) => void;
}

/** Feeds an observer, through a decoder of our own where the body is compressed: Node's client leaves that to the app. */
function decoded(encoding: string, observer: BodyObserver): Reading {
  const decoder = encoding === "" ? null : decoderFor(encoding);
  if (decoder === null) {
    return {
      bytes: (bytes) => void observer.chunk(bytes),
      end(whenRead) {
        observer.rest();
        whenRead();
      },
    };
  }
  decoder.on("data", (bytes: Buffer) => void observer.chunk(bytes));
  decoder.on("error", () => {}); // cut short, or not what it says: what was read until then counts
  return {
    bytes(bytes) {
      if (!decoder.destroyed) decoder.write(Buffer.from(bytes));
    },
    end(whenRead) {
      const read = () => {
        observer.rest();
        whenRead();
      };
      if (decoder.closed) return read();
      decoder.once("close", read);
      decoder.end();
    },
  };
}

/** zlib is loaded where a body needs it: it would cost every app some milliseconds of its start. */
function decoderFor(encoding: string): Transform | null {
  const { createBrotliDecompress, createGunzip, createInflate } = process.getBuiltinModule("node:zlib");
  if (/^(x-)?gzip$/i.test(encoding)) return createGunzip();
  if (/^deflate$/i.test(encoding)) return createInflate();
  return /^br$/i.test(encoding) ? createBrotliDecompress() : null;
}
