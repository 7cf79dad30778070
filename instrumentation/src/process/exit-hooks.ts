import { flushAtEnd } from "./flush.ts";

/** How long an exit may wait for the collector. Short: a supervisor's patience is not ours to spend (I11). */
const EXIT_FLUSH_MS = 1_000;

/**
 * Delivers what is queued, and gives leases back, when the process ends by itself, by SIGTERM or by SIGINT. `process.exit()` and crashes cannot be
 * waited for: they lose at most what was recorded since the last flush (about 200 ms; more while the collector is away).
 */
export function installExitHooks(): void {
  let flushed = false;
  process.on("beforeExit", () => {
    if (flushed) return; // beforeExit fires again after each round of new work
    flushed = true;
    void flushAtEnd(EXIT_FLUSH_MS);
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) installSignalHook(signal);
}

/** An app without a handler of its own must still die of the signal, so after the flush the signal is sent again. */
function installSignalHook(signal: "SIGTERM" | "SIGINT"): void {
  const onSignal = () => {
    const appHandlesIt = process.listenerCount(signal) > 1;
    const done = flushAtEnd(EXIT_FLUSH_MS);
    if (appHandlesIt) return;
    process.off(signal, onSignal); // a second signal kills at once
    void done.finally(() => process.kill(process.pid, signal));
  };
  process.on(signal, onSignal);
}
