import fc from "fast-check";
import { expect, test } from "vitest";
import { accountingPeriods } from "#database/periods/period";
import type { CalendarVersion } from "#database/periods/period";

// Zones with DST at midnight, half and quarter hours, no DST, and both sides of the date line.
const ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Africa/Cairo", "Asia/Beirut", "America/Santiago",
  "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Tokyo"]; // prettier-ignore
const instant = fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2032, 11, 31) });
const calendar = fc.record({
  effectiveFromMs: fc.constant(-Infinity),
  zone: fc.constantFrom(...ZONES),
  anchorDay: fc.integer({ min: 1, max: 31 }),
});

/** The local date and time of day, by Intl: another implementation than the one under test. */
function local(atMs: number, zone: string): { year: number; month: number; day: number; minutes: number } {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(atMs);
  const part = (type: string): number => Number(parts.find((it) => it.type === type)!.value);
  const minutes = part("hour") * 60 + part("minute");
  return { year: part("year"), month: part("month"), day: part("day"), minutes };
}

const daysInMonth = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

test("I7: the day period holds exactly the instants of one local date, also where DST begins at midnight", () => {
  fc.assert(
    fc.property(instant, calendar, (atMs, version) => {
      const { day } = accountingPeriods(atMs, [version]);
      expect(day.startMs <= atMs && atMs < day.endMs).toBe(true);
      const { year, month, day: date } = local(atMs, version.zone);
      expect(local(day.startMs, version.zone)).toMatchObject({ year, month, day: date });
      expect(local(day.endMs - 1, version.zone)).toMatchObject({ year, month, day: date });
      expect(local(day.startMs - 1, version.zone).day).not.toBe(date);
      expect(local(day.endMs, version.zone).day).not.toBe(date);
    }),
    { numRuns: 2_000 },
  );
});

test("I7: the month period runs from anchor day to anchor day, clamped to the month's length without drift", () => {
  fc.assert(
    fc.property(instant, calendar, (atMs, version) => {
      const { month } = accountingPeriods(atMs, [version]);
      expect(month.startMs <= atMs && atMs < month.endMs).toBe(true);
      for (const boundary of [month.startMs, month.endMs]) {
        const at = local(boundary, version.zone);
        expect(at.day).toBe(Math.min(version.anchorDay, daysInMonth(at.year, at.month)));
        expect(local(boundary - 1, version.zone).day).not.toBe(at.day);
      }
      const days = (month.endMs - month.startMs) / 86_400_000;
      expect(days).toBeGreaterThan(26.9);
      expect(days).toBeLessThan(31.1);
    }),
    { numRuns: 2_000 },
  );
});

test("I7: periods tile the time line: the next one starts where one ends, over changes of zone and anchor too", () => {
  const versions = fc
    .tuple(calendar, fc.array(fc.tuple(instant, calendar), { maxLength: 3 }))
    .map(([first, later]): CalendarVersion[] => [
      first,
      ...later
        .map(([at, version]) => ({ ...version, effectiveFromMs: at }))
        .sort((a, b) => a.effectiveFromMs - b.effectiveFromMs),
    ]);
  fc.assert(
    fc.property(instant, versions, (atMs, calendarVersions) => {
      for (const kind of ["day", "month"] as const) {
        const here = accountingPeriods(atMs, calendarVersions)[kind];
        expect(accountingPeriods(here.startMs, calendarVersions)[kind]).toEqual(here);
        expect(accountingPeriods(here.endMs - 1, calendarVersions)[kind]).toEqual(here);
        expect(accountingPeriods(here.endMs, calendarVersions)[kind].startMs).toBe(here.endMs);
        expect(accountingPeriods(here.startMs - 1, calendarVersions)[kind].endMs).toBe(here.startMs);
      }
    }),
    { numRuns: 1_000 },
  );
});

test("I7: an anchor on the 31st goes 31 January, 29 February, 31 March in a leap year", () => {
  const version = { effectiveFromMs: -Infinity, zone: "UTC", anchorDay: 31 };
  const startOf = (at: string): string =>
    new Date(accountingPeriods(Date.parse(at), [version]).month.startMs).toISOString().slice(0, 10);
  expect(["2028-02-15T00:00Z", "2028-03-15T00:00Z", "2028-04-15T00:00Z"].map(startOf)).toEqual([
    "2028-01-31",
    "2028-02-29",
    "2028-03-31",
  ]);
});
