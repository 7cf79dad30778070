import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { readOldestMark } from "#database/health/read-oldest-mark";

const EVERY_MS = 1_000;

export interface TelemetryMark {
  /**
   * The oldest instant (Unix milliseconds) to which a producer's telemetry was complete a second ago or less; null = none
   * has reported lately. While the database cannot say, what it said last.
   */
  readonly oldestMs: () => number | null;
  readonly stop: () => Promise<void>;
}

/** Reads the mark again and again, so that decisions say how far behind telemetry is without asking anybody. */
export function watchTelemetryMark(pool: Pool, log: Pick<Logger, "warn">): TelemetryMark {
  let oldestMs: number | null = null;
  const stopping = new AbortController();
  const watch = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        oldestMs = await readOldestMark(pool);
      } catch (error) {
        log.warn({ err: error }, "how complete telemetry is could not be read");
      }
      await sleep(EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
    }
  };
  const watching = watch();
  return {
    oldestMs: () => oldestMs,
    stop: () => {
      stopping.abort();
      return watching;
    },
  };
}
