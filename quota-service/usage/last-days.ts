import { accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";

/** The span of the last `days` days in the tenant's own zone, today (as it is at `nowMs`) included. */
export function lastDays(nowMs: number, days: number, calendar: readonly CalendarVersion[]): Period {
  const today = accountingPeriods(nowMs, calendar).day;
  let startMs = today.startMs;
  for (let day = 1; day < days; day++) startMs = accountingPeriods(startMs - 1, calendar).day.startMs;
  return { startMs, endMs: today.endMs };
}
