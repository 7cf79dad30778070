import type { BodyEnd } from "../body/body-end.ts";
import type { BodyObserver } from "../body/finding.ts";

export interface TappedBodyOptions {
  /** The caller's signal; its abort ends the caller's body at once, and the upstream after the drain. */
  readonly signal: AbortSignal | null;
  readonly abortUpstream: () => void;
  readonly drainMs: number;
  readonly drainBytes: number;
  readonly stalledMs: number;
  readonly onEnd: (end: BodyEnd) => void;
}

/** Read-ahead: a body nobody reads is still read, and metered, up to this size. */
const BUFFER_BYTES = 1_048_576;

/**
 * The upstream body as the caller gets it, watched by `observer`. Like the body of `fetch` it is a byte stream, fails with the
 * same error, and never delays a chunk. `onEnd` is called exactly once.
 */
export function tapBody(
  upstream: ReadableStream<Uint8Array>,
  observer: BodyObserver,
  options: TappedBodyOptions,
): ReadableStream<Uint8Array> {
  const reader = upstream.getReader();
  let output: ReadableByteStreamController;
  let left = false;
  let ended = false;
  let failure: { readonly error: unknown } | null = null;
  const stallTimer = setTimeout(() => end({ kind: "stalled" }), options.stalledMs).unref();

  function end(how: BodyEnd): void {
    clearTimeout(stallTimer);
    if (how.kind !== "stalled") options.signal?.removeEventListener("abort", onAbort);
    if (ended) return;
    ended = true;
    options.onEnd(how);
  }

  function enqueue(bytes: Uint8Array): boolean {
    if (left || bytes.byteLength === 0) return false;
    output.enqueue(bytes);
    return true;
  }

  /** Moves upstream bytes to the caller until it got some; the stream asks again while it has room. */
  async function pull(): Promise<void> {
    if (failure !== null) return failOnceRead();
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done && left) return; // `leave` sees it too
        if (done) {
          enqueue(observer.rest());
          closeOutput(output);
          return end({ kind: "complete" });
        }
        if (!ended) stallTimer.refresh();
        if (enqueue(observer.chunk(value)) || left) return;
      }
    } catch (error) {
      if (left) return;
      enqueue(observer.rest());
      failure = { error };
      end({ kind: "cut", error });
      failOnceRead();
    }
  }

  /** Failing a stream discards what it holds, and the caller has a right to the bytes that came before the failure. */
  function failOnceRead(): void {
    if (!left && output.desiredSize === BUFFER_BYTES) output.error(failure?.error);
  }

  function onAbort(): void {
    if (left) return;
    try {
      output.error(options.signal?.reason);
    } catch {
      // closed already: the caller has everything
    }
    void leave();
  }

  /** The caller has gone: read on, within bounds, for the usage that comes last. */
  async function leave(): Promise<void> {
    left = true;
    if (failure !== null) return;
    let drained = false;
    const timer = setTimeout(options.abortUpstream, options.drainMs).unref();
    try {
      for (let bytes = 0; !drained && bytes <= options.drainBytes && !observer.finding().complete;) {
        const { done, value } = await reader.read();
        drained = done;
        if (value === undefined) continue;
        observer.chunk(value);
        bytes += value.byteLength;
      }
    } catch {
      // cut, or out of time
    }
    clearTimeout(timer);
    observer.rest();
    options.abortUpstream();
    end({ kind: "left", drained });
  }

  if (options.signal !== null) options.signal.addEventListener("abort", onAbort, { once: true });
  return new ReadableStream(
    {
      type: "bytes",
      start(controller) {
        output = controller;
      },
      pull,
      cancel() {
        void leave();
      },
    },
    { highWaterMark: BUFFER_BYTES },
  );
}

function closeOutput(output: ReadableByteStreamController): void {
  output.close();
  output.byobRequest?.respond(0); // a pending read into the caller's own buffer is not ended by close()
}
