import { Temporal } from "temporal-polyfill";

/** [startMs, endMs) in milliseconds since the Unix epoch; `endMs` is Infinity for a period that never ends. */
export interface Period {
  readonly startMs: number;
  readonly endMs: number;
}

/** From `effectiveFromMs` on, days are those of `zone` (IANA) and months start on `anchorDay` (1..31). */
export interface CalendarVersion {
  readonly effectiveFromMs: number;
  readonly zone: string;
  readonly anchorDay: number;
}

/** The accounting periods that hold one instant. Lifetime is `LIFETIME` for everyone. */
export interface AccountingPeriods {
  readonly day: Period;
  readonly month: Period;
}

export const LIFETIME: Period = { startMs: 0, endMs: Infinity };
/** The calendar of a tenant that has set none: UTC, months from day 1. One object, so that its periods are remembered. */
export const NO_CALENDAR: readonly CalendarVersion[] = [];
const UTC: CalendarVersion = { effectiveFromMs: -Infinity, zone: "UTC", anchorDay: 1 };

/**
 * The day and month period of a tenant at an instant (I7). This is the one place where periods are computed.
 *
 * Periods tile the time line: half open, no gap, no overlap. A month period starts at the start of the anchor day,
 * clamped to the month's length (31 -> 28 -> 31). Where a calendar version begins or ends, the period is cut there.
 *
 * @param versions ascending by `effectiveFromMs`; empty = UTC, anchored on day 1
 */
export function accountingPeriods(atMs: number, versions: readonly CalendarVersion[]): AccountingPeriods {
  const last = lastPeriods.get(versions);
  if (last !== undefined && holds(last.day, atMs) && holds(last.month, atMs)) return last;
  const periods = computePeriods(atMs, versions);
  lastPeriods.set(versions, periods);
  return periods;
}

/** Neighbouring events of a tenant are nearly always in the same periods, and get the same object. */
const lastPeriods = new WeakMap<readonly CalendarVersion[], AccountingPeriods>();

function holds({ startMs, endMs }: Period, atMs: number): boolean {
  return startMs <= atMs && atMs < endMs;
}

function computePeriods(atMs: number, versions: readonly CalendarVersion[]): AccountingPeriods {
  const index = versions.findLastIndex((version) => version.effectiveFromMs <= atMs);
  const calendar = index < 0 ? UTC : versions[index]!;
  const until = versions[index + 1]?.effectiveFromMs ?? Infinity;
  const clip = (period: Period): Period => ({
    startMs: Math.max(period.startMs, calendar.effectiveFromMs),
    endMs: Math.min(period.endMs, until),
  });
  return {
    day: clip(remembered("day", calendar, atMs, dayPeriod)),
    month: clip(remembered("month", calendar, atMs, monthPeriod)),
  };
}

function dayPeriod(at: Temporal.ZonedDateTime): Period {
  const start = at.startOfDay();
  return { startMs: start.epochMilliseconds, endMs: start.add({ days: 1 }).startOfDay().epochMilliseconds };
}

function monthPeriod(at: Temporal.ZonedDateTime, anchorDay: number): Period {
  const thisMonth = at.toPlainDate().toPlainYearMonth();
  const startOf = (month: Temporal.PlainYearMonth): number =>
    month
      .toPlainDate({ day: Math.min(anchorDay, month.daysInMonth) })
      .toZonedDateTime(at.timeZoneId)
      .startOfDay().epochMilliseconds;
  const anchor = startOf(thisMonth);
  return at.epochMilliseconds >= anchor
    ? { startMs: anchor, endMs: startOf(thisMonth.add({ months: 1 })) }
    : { startMs: startOf(thisMonth.subtract({ months: 1 })), endMs: anchor };
}

/** Calendar arithmetic costs microseconds and neighbouring events share their periods, so the last ones are kept. */
const recent = new Map<string, Period[]>();
const RECENT_PER_CALENDAR = 8;
const CALENDARS_MAX = 2_000;

function remembered(
  kind: "day" | "month",
  { zone, anchorDay }: CalendarVersion,
  atMs: number,
  compute: (at: Temporal.ZonedDateTime, anchorDay: number) => Period,
): Period {
  const key = `${kind} ${zone} ${anchorDay}`;
  const known = recent.get(key) ?? [];
  const hit = known.find((period) => holds(period, atMs));
  if (hit) return hit;
  const period = compute(Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(zone), anchorDay);
  if (recent.size >= CALENDARS_MAX) recent.clear();
  recent.set(key, [period, ...known.slice(0, RECENT_PER_CALENDAR - 1)]);
  return period;
}
