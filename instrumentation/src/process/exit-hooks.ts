import { channel } from "node:diagnostics_channel";
import { writeSync } from "node:fs";

import { settleUndecided } from "../tenant/when-known.ts";
import { flushAtEnd } from "./flush.ts";
import { metering } from "./metering.ts";
import { signalExitListeners } from "./signal-exit.ts";

/** Diagnostics channel that is published to last of all, however the process ends (but for SIGKILL). */
export const PROCESS_ENDS = "quotel.process.ends";

/** How long an exit may wait for the collector. Short: a supervisor's patience is not ours to spend (I11). */
const EXIT_FLUSH_MS = 1_000;

/**
 * Delivers what is queued, and gives leases back, when the process ends by itself, by SIGTERM or by SIGINT. What that does
 * not reach, and all that `process.exit()` and uncaught exceptions do not wait for, is written to the spool as the last
 * thing the process does. Exit code, signal and the app's own handlers stay what they are.
 */
export function installExitHooks(): void {
  let flushed = false;
  process.on("beforeExit", () => {
    if (flushed) return; // beforeExit fires again after each round of new work
    flushed = true;
    void flushAtEnd(EXIT_FLUSH_MS);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) installSignalHook(signal);
  process.on("exit", saveTheRest);
}

/**
 * An app without a handler of its own must still die of the signal, so after the flush, or at a second signal, it is sent
 * again. Until then our listener stays: a listener of `signal-exit` would end the process as soon as it is the only one.
 */
function installSignalHook(signal: "SIGTERM" | "SIGINT"): void {
  let ending = false;
  const end = () => {
    saveTheRest(); // a process that dies of a signal emits no 'exit'
    process.off(signal, onSignal);
    process.kill(process.pid, signal);
  };
  const onSignal = () => {
    const appHandlesIt = process.listenerCount(signal) - 1 > signalExitListeners();
    if (ending && !appHandlesIt) return end();
    const done = flushAtEnd(EXIT_FLUSH_MS);
    if (appHandlesIt) return;
    ending = true;
    void done.finally(end);
  };
  process.on(signal, onSignal);
}

function saveTheRest(): void {
  settleUndecided();
  const lost = metering().meter?.finishSync() ?? 0;
  channel(PROCESS_ENDS).publish({});
  if (lost === 0) return;
  try {
    // Nothing asynchronous is done any more, a warning neither.
    writeSync(2, `quotel: ${lost} usage records were not delivered and are lost: there is no spool to keep them\n`);
  } catch {
    // Nobody reads stderr.
  }
}
