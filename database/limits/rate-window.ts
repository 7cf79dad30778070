/**
 * The sliding window of a rate limit as pure arithmetic (design section 7). Time is cut into sub-buckets of a sixtieth of
 * the window; a window keeps what was admitted in the current one and the sixty before it. The last sixty are the window;
 * the one before them is still partly in it, and counts as a whole. So no window of the stated length ever holds more
 * than what is counted, and nothing is counted longer than a sixtieth of the window too long.
 */

export type RatePeriod = "second" | "minute" | "hour";

/** What was admitted lately. */
export interface RateWindow {
  /** Number of the newest sub-bucket, counted from the epoch. */
  readonly head: number;
  /** Amounts by age: the newest sub-bucket, the one before it, and so on; what is missing at the end is 0. */
  readonly counts: readonly number[];
}

export const EMPTY_WINDOW: RateWindow = { head: 0, counts: [] };

const SUB_BUCKETS = 60;
const WINDOW_MS: Readonly<Record<RatePeriod, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

export function isRatePeriod(period: string): period is RatePeriod {
  return period === "second" || period === "minute" || period === "hour";
}

/** The window as it is at an instant: what has slid out of it is gone. A clock that was set back moves nothing. */
export function windowAt(window: RateWindow, period: RatePeriod, atMs: number): RateWindow {
  const head = Math.floor((atMs * SUB_BUCKETS) / WINDOW_MS[period]);
  const passed = head - window.head;
  if (passed <= 0) return window;
  const kept = passed > SUB_BUCKETS ? [] : window.counts.slice(0, SUB_BUCKETS + 1 - passed);
  return { head, counts: kept.length === 0 ? [] : [...Array<number>(passed).fill(0), ...kept] };
}

/** What counts against the limit: at most 2^53-1. */
export function usedIn({ counts }: RateWindow): number {
  return Math.min(
    counts.reduce((sum, count) => sum + count, 0),
    Number.MAX_SAFE_INTEGER,
  );
}

/** The window after an admission in its newest sub-bucket. */
export function withAdmitted({ head, counts }: RateWindow, amount: number): RateWindow {
  const [newest = 0, ...older] = counts;
  return { head, counts: [Math.min(newest + amount, Number.MAX_SAFE_INTEGER), ...older] };
}

/**
 * The instant from which at most `most` is counted, if nothing more is admitted: when so many of the oldest sub-buckets
 * have slid out (Unix milliseconds). 0 where it is so already, Infinity where `most` is negative.
 */
export function countsAtMost({ head, counts }: RateWindow, period: RatePeriod, most: number): number {
  if (most < 0) return Infinity;
  let counted = counts.reduce((sum, count) => sum + count, 0);
  let goneAtMs = 0;
  for (let age = counts.length - 1; counted > most && age >= 0; age -= 1) {
    counted -= counts[age]!;
    const gone = head - age + SUB_BUCKETS + 1;
    goneAtMs = Math.ceil((gone * WINDOW_MS[period]) / SUB_BUCKETS);
  }
  return goneAtMs;
}
