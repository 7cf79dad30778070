import type { Pool } from "pg";
import { foldRollups } from "#database/rollups/fold";
import type { Metrics } from "../observe/metrics.ts";
import { repeat, type Repeating } from "./repeat.ts";

/** Between folds: what is not folded is summed on reading, so not long. */
const PAUSE_MIN_MS = 1_000;
const PAUSE_MAX_MS = 10_000;
/** Pause at least this many times as long as folding took: under load larger folds share more of their rows. */
const PAUSE_PER_WORK = 9;

/** Folds what has been recorded into the rollups. Readers never wait for it, and need not: unfolded events count. */
export function keepFolding(pool: Pool, metrics: Metrics, onError: (error: unknown) => void): Repeating {
  const fold = async (): Promise<void> => {
    const startMs = performance.now();
    const events = await foldRollups(pool);
    // Nothing to do, or somebody else did it, is no measure of folding.
    if (events) metrics.folded(events, performance.now() - startMs);
  };
  const pauseMs = (tookMs: number): number => Math.min(Math.max(PAUSE_PER_WORK * tookMs, PAUSE_MIN_MS), PAUSE_MAX_MS);
  return repeat(fold, { pauseMs, onError });
}
