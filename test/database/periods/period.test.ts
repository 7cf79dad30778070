import fc from "fast-check";
import { expect, test } from "vitest";
import { accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import { DAY_MS, FIRST_MS, LAST_MS, ZoneOracle } from "./zone-oracle.ts";

const ZONES = Intl.supportedValuesOf("timeZone");
const ORACLES = new Map(ZONES.map((zone) => [zone, new ZoneOracle(zone)]));
const ANCHORS = Array.from({ length: 31 }, (_, n) => n + 1);
/** Set: every day, and every anchor in every month, of every zone (minutes). Unset: all that is out of the ordinary. */
const EVERY_PERIOD = process.env["QUOTEL_EVERY_PERIOD"] !== undefined;

const calendarOf = (zone: string, anchorDay: number): CalendarVersion[] => [
  { effectiveFromMs: -Infinity, zone, anchorDay },
];

/** How the periods at an instant differ from what the oracle says, in words. */
function differences(zone: string, anchorDay: number, atMs: number): string[] {
  const oracle = ORACLES.get(zone)!;
  const periods = accountingPeriods(atMs, calendarOf(zone, anchorDay));
  const day = `the day is ${textOf(periods.day)}, not ${textOf(oracle.dayAt(atMs))}`;
  const month = `the month is ${textOf(periods.month)}, not ${textOf(oracle.monthAt(atMs, anchorDay))}`;
  return [
    ...(textOf(periods.day) === textOf(oracle.dayAt(atMs)) ? [] : [day]),
    ...(textOf(periods.month) === textOf(oracle.monthAt(atMs, anchorDay)) ? [] : [month]),
  ].map((difference) => `${zone}, anchor ${anchorDay}, ${new Date(atMs).toISOString()}: ${difference}`);
}

function textOf({ startMs, endMs }: Period): string {
  return `[${new Date(startMs).toISOString()}, ${new Date(endMs).toISOString()})`;
}

test("the zones under test are hundreds, more than a hundred with DST in every year, and in some of them a day begins at one o'clock", () => {
  const changes = ZONES.map((zone) => ORACLES.get(zone)!.changesMs.length);
  expect(ZONES.length).toBeGreaterThan(400);
  expect(changes.filter((count) => count >= 18).length).toBeGreaterThan(100);
  const skipsMidnight = ZONES.filter((zone) => {
    const oracle = ORACLES.get(zone)!;
    return oracle.changesMs.some((ms) => oracle.dayAt(ms).startMs === ms && oracle.dayAt(ms - 1).endMs === ms);
  });
  expect(skipsMidnight).toEqual(expect.arrayContaining(["Africa/Cairo", "America/Santiago", "Asia/Beirut"]));
});

test("I7: in every zone the days around each DST change from 2024 to 2032, and the months that begin on them, are the reference's", () => {
  const everyDay = Array.from({ length: (LAST_MS - FIRST_MS) / DAY_MS }, (_, n) => FIRST_MS + n * DAY_MS);
  const found = ZONES.flatMap((zone) => {
    const oracle = ORACLES.get(zone)!;
    const changes = oracle.changesMs.filter((ms) => FIRST_MS <= ms && ms < LAST_MS);
    const instants = changes.flatMap((ms) => [ms - DAY_MS, ms - 1, ms, ms + DAY_MS]);
    return [...instants, ...(EVERY_PERIOD ? everyDay : [])].flatMap((atMs) =>
      differences(zone, new Date(oracle.dateAt(atMs)).getUTCDate(), atMs),
    );
  });
  expect(found).toEqual([]);
});

test("I7: in every zone every turn of a month from 2024 to 2032, leap years included, is the reference's, whatever the anchor day", () => {
  // A period has two ends, so every other month shows every turn. Each anchor meets each year in a dozen zones.
  const months = Array.from({ length: 108 }, (_, month) => month).filter((month) => EVERY_PERIOD || month % 2 === 0);
  const found = ZONES.flatMap((zone, zoneIndex) =>
    months.flatMap((month) => {
      const anchors = EVERY_PERIOD ? ANCHORS : [1 + ((zoneIndex + Math.floor(month / 12)) % 31)];
      return anchors.flatMap((anchorDay) => differences(zone, anchorDay, Date.UTC(2024, month + 1, 0, 12)));
    }),
  );
  expect(found).toEqual([]);
});

test("I7: periods tile the time line where a tenant moves from any zone and anchor to any other, at any instant", () => {
  const instant = fc.integer({ min: FIRST_MS, max: LAST_MS - 1 });
  const place = fc.record({ zone: fc.constantFrom(...ZONES), anchorDay: fc.integer({ min: 1, max: 31 }) });
  const moves = fc.uniqueArray(fc.record({ atMs: instant, to: place }), {
    maxLength: 4,
    selector: ({ atMs }) => atMs,
  });
  fc.assert(
    fc.property(place, moves, instant, (home, moved, atMs) => {
      const versions = [
        { effectiveFromMs: -Infinity, ...home },
        ...moved.map(({ atMs: effectiveFromMs, to }) => ({ effectiveFromMs, ...to })),
      ].sort((a, b) => a.effectiveFromMs - b.effectiveFromMs);
      const index = versions.findLastIndex(({ effectiveFromMs }) => effectiveFromMs <= atMs);
      const { zone, anchorDay, effectiveFromMs } = versions[index]!;
      const movesOnMs = versions[index + 1]?.effectiveFromMs ?? Infinity;
      const oracle = ORACLES.get(zone)!;
      const whole = { day: oracle.dayAt(atMs), month: oracle.monthAt(atMs, anchorDay) };
      const periods = accountingPeriods(atMs, versions);
      for (const kind of ["day", "month"] as const) {
        const { startMs, endMs } = whole[kind];
        const cut = { startMs: Math.max(startMs, effectiveFromMs), endMs: Math.min(endMs, movesOnMs) };
        expect(periods[kind]).toEqual(cut);
        expect(accountingPeriods(cut.endMs, versions)[kind].startMs).toBe(cut.endMs);
        expect(accountingPeriods(cut.startMs - 1, versions)[kind].endMs).toBe(cut.startMs);
      }
    }),
    { numRuns: EVERY_PERIOD ? 20_000 : 1_000 },
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
