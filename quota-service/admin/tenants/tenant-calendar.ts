import { Temporal } from "temporal-polyfill";
import { accountingPeriods } from "#database/periods/period";
import type { CalendarVersion } from "#database/periods/period";

/** Zone and anchor day of a tenant's days and months. */
export interface CalendarSetting {
  readonly zone: string;
  readonly anchorDay: number;
}

const UTC: CalendarSetting = { zone: "UTC", anchorDay: 1 };

/**
 * How long before it begins a version has to be there: whoever accounts usage meanwhile may have read the versions that
 * were there before.
 */
const LEAD_MS = 60_000;

/** What holds at an instant, and the version that will, if another is to come. Pure. */
export function calendarAt(
  versions: readonly CalendarVersion[],
  atMs: number,
): { readonly current: CalendarSetting; readonly next: CalendarVersion | null } {
  const current = versions.findLast(({ effectiveFromMs }) => effectiveFromMs <= atMs) ?? UTC;
  const last = versions.at(-1);
  return { current, next: last !== undefined && last.effectiveFromMs > atMs ? last : null };
}

/**
 * The version that makes a setting hold from the end of the current month period on (I7), in place of a change that is
 * still to come; null where it will hold anyway. Of a tenant that is new nothing has been accounted, so it holds from the
 * first. Pure.
 */
export function calendarChange(
  versions: readonly CalendarVersion[],
  setting: CalendarSetting,
  { nowMs, isNew }: { readonly nowMs: number; readonly isNew: boolean },
): CalendarVersion | null {
  const last = versions.at(-1) ?? UTC;
  if (last.zone === setting.zone && last.anchorDay === setting.anchorDay) return null;
  const effectiveFromMs = isNew ? 0 : accountingPeriods(nowMs + LEAD_MS, versions).month.endMs;
  return { ...setting, effectiveFromMs };
}

/** Whether it is the name of a zone of the IANA database; offsets such as +02:00 have no daylight saving and are none. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false;
  try {
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(text);
    return true;
  } catch {
    return false;
  }
}
