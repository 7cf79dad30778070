import type { Readable } from "node:stream";

import type { BodyEnd } from "../body/body-end.ts";

interface WatchOptions {
  readonly onBytes: (bytes: Uint8Array) => void;
  /** Whether the end that was just reached is the true one: a stream that is reset ends, too. */
  readonly isWhole: () => boolean;
  /** Whether a body that closed before its end was cut by the other side; else the app left it. */
  readonly wasCut: () => boolean;
  readonly stalledMs: number;
  /** Called exactly once. */
  readonly onEnd: (end: BodyEnd) => void;
}

/**
 * Sees a Node stream's bytes as they come off the wire, whoever reads them and whether anybody does: by its `push`, because a
 * listener of `data` would make it flow and one of `error` would take errors from the app. Nothing is held back or changed.
 */
export function watchBody(body: Readable, options: WatchOptions): void {
  let ended = false;
  const stallTimer = setTimeout(() => end({ kind: "stalled" }), options.stalledMs).unref();

  function end(how: BodyEnd): void {
    clearTimeout(stallTimer);
    if (ended) return;
    ended = true;
    options.onEnd(how);
  }

  const push = body.push.bind(body);
  function watchedPush(chunk: unknown, encoding?: BufferEncoding): boolean {
    if (!ended) {
      if (chunk === null && options.isWhole()) end({ kind: "complete" });
      else if (chunk instanceof Uint8Array) {
        stallTimer.refresh();
        options.onBytes(chunk);
      }
    }
    return push(chunk, encoding);
  }
  Object.defineProperty(body, "push", { value: watchedPush, configurable: true, writable: true });
  body.once("close", () => {
    const error = body.errored ?? Object.assign(new Error("the connection was cut"), { code: "ECONNRESET" });
    end(options.wasCut() ? { kind: "cut", error } : { kind: "left", drained: false });
  });
}
