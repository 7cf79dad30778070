import { countsAtMost, usedIn } from "#database/limits/rate-window";
import type { RatePeriod, RateWindow } from "#database/limits/rate-window";
import type { Limit } from "../limit.ts";
import type { LimitStanding } from "./limit-standing.ts";
import { isWarnedOf, percentOf } from "./quota-standing.ts";

/**
 * How a rate limit stands: any window of its length takes the amount and its burst. What counts is what was admitted, so
 * nothing is held, and usage that arrives later changes nothing. Pure.
 *
 * @param window as it is at the decision's instant
 */
export function rateStanding(limit: Limit, period: RatePeriod, window: RateWindow): LimitStanding {
  const used = usedIn(window);
  const base = { limit, used, reserved: 0, unpriced: 0, countsAdmissions: true, waitsForHolds: () => false };
  const emptyAtMs = used === 0 ? Infinity : countsAtMost(window, period, 0);
  if (limit.amount === null) {
    const endless = { room: Infinity, capacity: Infinity, remaining: null, percentUsed: null };
    return { ...base, ...endless, state: "ok", resetsAtMs: emptyAtMs, mayFitAtMs: () => 0 };
  }
  const capacity = limit.amount + limit.burst;
  return {
    ...base,
    room: capacity - used,
    capacity,
    remaining: Math.max(0, capacity - used),
    percentUsed: percentOf(used, limit.amount),
    state: used >= capacity ? "exceeded" : isWarnedOf(used, limit.amount, limit.warnAt) ? "warning" : "ok",
    resetsAtMs: emptyAtMs,
    mayFitAtMs: (added) => countsAtMost(window, period, capacity - added),
  };
}
