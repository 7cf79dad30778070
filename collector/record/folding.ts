import type { Pool } from "pg";
import { foldRollups } from "#database/rollups/fold";

/** Between folds: what is not folded is summed on reading, so not long. */
const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 5_000;
/** Pause at least this many times as long as folding took: under load larger folds share more of their rows. */
const PAUSE_PER_WORK = 4;

/** Folds what has been recorded into the rollups, again and again until stopped. Upkeep: readers never wait for it. */
export function keepFolding(
  pool: Pool,
  log: { warn(details: object, message: string): void },
): { stop(): Promise<void> } {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  const fold = async (): Promise<void> => {
    const startMs = performance.now();
    try {
      await foldRollups(pool);
    } catch (error) {
      log.warn({ err: error }, "could not fold events into the rollups; trying again");
    }
    const pauseMs = PAUSE_PER_WORK * (performance.now() - startMs);
    if (!stopped) schedule(Math.min(Math.max(pauseMs, PAUSE_MIN_MS), PAUSE_MAX_MS));
  };
  const schedule = (pauseMs: number): void => {
    timer = setTimeout(() => {
      running = fold();
    }, pauseMs);
    timer.unref();
  };
  schedule(PAUSE_MIN_MS);
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
