import { background, beforeEnd } from "./background.ts";
import { metering } from "./metering.ts";

/**
 * Waits until everything recorded so far is delivered and every reservation that is being closed is closed, at most
 * `timeoutMs`. True = all of it. Keeps the process alive meanwhile; never rejects.
 */
export function flush(timeoutMs = 5_000): Promise<boolean> {
  const { meter } = metering();
  const send = () => meter?.flush(timeoutMs) ?? true;
  // Again when the work in the background has ended: it may have been what a record waited for.
  const work = Promise.all([send(), settled(background()).then(send)]).then(([, sent]) => sent);
  return within(timeoutMs, work);
}

/** What some work says, or false where it takes longer. */
async function within(timeoutMs: number, work: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  // The only ref'd handle of the whole package, for as long as somebody asks to wait.
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  const done = await Promise.race([work, timeout]);
  clearTimeout(timer);
  return done;
}

/** Waits for work in the background, and for what it leads to: a lease that arrives too late is given back. */
async function settled(pending: ReadonlySet<Promise<unknown>>): Promise<void> {
  while (pending.size > 0) await Promise.allSettled(pending);
}

/**
 * As `flush`, at the end of the process: gives back, too, what is held for work to come, and tells of trouble. In the time
 * that is left then it waits for what dead processes had left, or processes that end soon would never deliver it.
 */
export async function flushAtEnd(timeoutMs: number): Promise<boolean> {
  const { meter } = metering();
  const startedMs = performance.now();
  const leftMs = () => timeoutMs - (performance.now() - startedMs);
  for (const giveBack of beforeEnd()) giveBack();
  meter?.tellTrouble();
  if (!(await flush(timeoutMs))) return false;
  // Where memory was full of what is delivered now, there was no room to tell.
  meter?.tellTrouble();
  if (!(await flush(leftMs()))) return false;
  const heritage = meter?.heritageSettled().then(() => true);
  if (heritage !== undefined) await within(leftMs(), heritage);
  return true;
}

/** Gives leases back and flushes, then stops exporting for good. What is recorded afterwards is counted as dropped. */
export async function shutdown(timeoutMs = 5_000): Promise<boolean> {
  const done = await flushAtEnd(timeoutMs);
  metering().meter?.stop();
  return done;
}
