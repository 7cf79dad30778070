import { runtime } from "./runtime.ts";

/**
 * Waits until everything recorded so far is delivered and every reservation that is being closed is closed, at most
 * `timeoutMs`. True = all of it. Keeps the process alive meanwhile; never rejects.
 */
export async function flush(timeoutMs = 5_000): Promise<boolean> {
  const { meter, background } = runtime();
  let timer: NodeJS.Timeout | undefined;
  // The only ref'd handle of the whole package, for as long as somebody asks to wait.
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const work = Promise.all([meter?.flush(timeoutMs) ?? true, Promise.allSettled(background)]).then(([sent]) => sent);
  const done = await Promise.race([work, timeout]);
  clearTimeout(timer);
  return done;
}

/** Flushes, then stops exporting for good. What is recorded afterwards is counted as dropped. */
export async function shutdown(timeoutMs = 5_000): Promise<boolean> {
  const done = await flush(timeoutMs);
  runtime().meter?.stop();
  return done;
}
