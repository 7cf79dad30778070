import fc from "fast-check";
import { expect, test } from "vitest";
import { EMPTY_WINDOW, countsAtMost, usedIn, windowAt, withAdmitted } from "#database/limits/rate-window";
import type { RatePeriod } from "#database/limits/rate-window";

const LENGTH_MS: Record<RatePeriod, number> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

interface Admission {
  readonly atMs: number;
  readonly amount: number;
}

/** Sum of what was admitted in (from, to], from the plain log. */
function admittedIn(log: readonly Admission[], fromMs: number, toMs: number): number {
  return log.reduce((sum, { atMs, amount }) => (fromMs < atMs && atMs <= toMs ? sum + amount : sum), 0);
}

const run = fc.record({
  period: fc.constantFrom<RatePeriod[]>("second", "minute", "hour"),
  most: fc.integer({ min: 0, max: 20 }),
  startMs: fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
  // Steps in thousandths of the window: many within one sub-bucket, some beyond the whole window.
  asks: fc.array(
    fc.record({
      after: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 1_200 })),
      amount: fc.integer({ min: 0, max: 8 }),
    }),
    { maxLength: 60 },
  ),
});

test("no window of the stated length ever holds more than the limit, and what fits a window a sixtieth longer is never refused", () => {
  fc.assert(
    fc.property(run, ({ period, most, startMs, asks }) => {
      const lengthMs = LENGTH_MS[period];
      const log: Admission[] = [];
      let window = EMPTY_WINDOW;
      let atMs = startMs;
      for (const { after, amount } of asks) {
        atMs += Math.round((after * lengthMs) / 1_000);
        window = windowAt(window, period, atMs);
        const fits = usedIn(window) + amount <= most;
        if (fits) {
          window = withAdmitted(window, amount);
          log.push({ atMs, amount });
        }
        // What was admitted keeps every window within the limit; what was refused would not fit one a sixtieth longer.
        const spanMs = fits ? lengthMs : lengthMs + lengthMs / 60;
        const asked = admittedIn(log, atMs - spanMs, atMs) + (fits ? 0 : amount);
        expect(asked <= most).toBe(fits);
      }
    }),
    { numRuns: 500 },
  );
});

test("the instant from which a refused amount fits is the first millisecond at which it does", () => {
  fc.assert(
    fc.property(run, fc.integer({ min: 0, max: 20 }), ({ period, startMs, asks }, most) => {
      let window = EMPTY_WINDOW;
      let atMs = startMs;
      for (const { after, amount } of asks) {
        atMs += Math.round((after * LENGTH_MS[period]) / 1_000);
        window = withAdmitted(windowAt(window, period, atMs), amount);
      }
      const fitsAtMs = countsAtMost(window, period, most);
      const usedAt = (ms: number): number => usedIn(windowAt(window, period, ms));
      expect(usedAt(Math.max(fitsAtMs, atMs))).toBeLessThanOrEqual(most);
      const aMomentBefore = fitsAtMs > atMs ? usedAt(fitsAtMs - 1) : Infinity;
      expect(aMomentBefore).toBeGreaterThan(most);
    }),
    { numRuns: 500 },
  );
});

test("a clock that was set back takes nothing out of a window", () => {
  const window = withAdmitted(windowAt(EMPTY_WINDOW, "minute", 1_800_000_000_000), 5);
  expect(usedIn(windowAt(window, "minute", 1_799_999_000_000))).toBe(5);
});
