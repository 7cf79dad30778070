import type { Pool } from "pg";
import { verifyInvariants } from "#database/verify/verify";
import { repeat, type Repeating } from "./repeat.ts";

/** Between passes, of all collectors together: a pass looks at some 100 000 events, in a second or two. */
const REST_MAX_MS = 30_000;
const REST_MIN_MS = 1_000;
/** What changed has to be verified within a day; from here on it is late, and passes follow one another faster. */
const LATE_MS = 6 * 3_600_000;
/** Then the rest lasts this many times as long as a pass: at most a quarter of one connection's time goes into them. */
const REST_PER_PASS_WHEN_LATE = 3;

interface Log {
  error(details: object, message: string): void;
}

/**
 * Verifies the invariants, as fast as ingest makes it necessary: days under way are looked at again and again, so there
 * is always something to do, and only what has waited for hours tells that passes are too few.
 */
export function keepVerifying(pool: Pool, log: Log, onError: (error: unknown) => void): Repeating {
  let isLate = false;
  let rest = REST_MAX_MS;
  const verify = async (): Promise<void> => {
    // Somewhat less than the pause: a timer may fire early by another clock, and would then find its own last pass.
    const pass = await verifyInvariants(pool, 0.9 * rest);
    // Somebody else is at it: whoever finds that it is late hurries.
    isLate = pass !== null && pass.waitedMs > LATE_MS;
    if (pass !== null && pass.findings.length > 0) {
      log.error({ findings: pass.findings.slice(0, 10) }, "invariants are violated");
    }
  };
  const pauseMs = (tookMs: number): number => (rest = restMs(isLate, tookMs));
  return repeat(verify, { pauseMs, onError });
}

/** How long to rest after a pass that took this long. */
export function restMs(isLate: boolean, tookMs: number): number {
  return isLate ? Math.min(Math.max(REST_PER_PASS_WHEN_LATE * tookMs, REST_MIN_MS), REST_MAX_MS) : REST_MAX_MS;
}
