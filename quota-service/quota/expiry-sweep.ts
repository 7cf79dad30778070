import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { expireDueReservations } from "#database/reservations/expire-due";
import type { Metrics } from "../health/metrics.ts";

const EVERY_MS = 1_000;

/**
 * Ends reservations whose time has run out, every second. Upkeep only: a decision already counts them as nothing, so a
 * failure is logged and the next round does the work.
 */
export function startExpirySweep(pool: Pool, metrics: Metrics, log: Logger): { readonly stop: () => Promise<void> } {
  const stopping = new AbortController();
  const running = sweep(pool, metrics, log, stopping.signal);
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

async function sweep(pool: Pool, metrics: Metrics, log: Logger, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const expired = await expireDueReservations(pool);
      metrics.expired(expired);
      if (expired.released + expired.kept > 0) log.info(expired, "reservations expired");
    } catch (error) {
      log.warn({ err: error }, "expired reservations could not be ended");
    }
    await sleep(EVERY_MS, undefined, { signal }).catch(() => {});
  }
}
