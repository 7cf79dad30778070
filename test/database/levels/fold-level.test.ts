import fc from "fast-check";
import { expect, test } from "vitest";
import { foldLevel } from "#database/levels/level/fold-level";
import type { LevelDay } from "#database/levels/level/fold-level";
import { pointIdentity } from "#database/levels/metric-point";
import type { MetricPoint } from "#database/levels/metric-point";
import { arbitraryPoint, expectedLevelDays } from "./level-oracle.ts";

const NOW_MICROS = Date.UTC(2026, 10, 20, 0, 5) * 1000;
const samplesOfOneLevel = fc
  .uniqueArray(
    arbitraryPoint(NOW_MICROS).filter(({ kind }) => kind !== "counter"),
    { maxLength: 40, selector: pointIdentity },
  )
  .map((points) => points.map((point) => ({ ...point, tenantId: "acme", resource: "mixed" })))
  .map((points) => [...new Map(points.map((point) => [pointIdentity(point), point])).values()]);

/** The days in the oracle's words. */
function said(days: readonly LevelDay[]): Map<string, { value: number; highWater: number }> {
  return new Map(
    days.map(({ dayStartMs, value, highWater }) => [
      `acme mixed ${new Date(dayStartMs).toISOString()}`,
      { value, highWater },
    ]),
  );
}

test("folding samples in any order gives the days that each instant, computed from nothing, gives", () => {
  fc.assert(
    fc.property(
      samplesOfOneLevel.chain((samples) =>
        fc.tuple(fc.constant(samples), fc.shuffledSubarray(samples, { minLength: samples.length })),
      ),
      ([samples, shuffled]) => {
        expect(said(foldLevel(null, shuffled, []))).toEqual(expectedLevelDays(samples));
      },
    ),
    { numRuns: 2000 },
  );
});

test("folding on from any earlier instant gives the same days as folding everything at once", () => {
  fc.assert(
    fc.property(samplesOfOneLevel, fc.nat(), (samples, at) => {
      const instants = samples.map((sample) => sample.accountedAtMicros);
      const until = instants[at % Math.max(instants.length, 1)] ?? 0;
      const early = foldLevel(
        null,
        samples.filter((sample) => sample.accountedAtMicros <= until),
        [],
      );
      const rest = samples.filter((sample) => sample.accountedAtMicros > until);
      // A stored day has been through JSON.
      const last = early.length === 0 ? null : (JSON.parse(JSON.stringify(early.at(-1))) as LevelDay);
      const late = foldLevel(last, rest, []);
      const days = new Map([...early, ...late].map((day) => [day.dayStartMs, day]));
      expect([...days.values()]).toEqual(foldLevel(null, samples, []));
    }),
    { numRuns: 2000 },
  );
});

test("a gauge restates the whole level, and changes count on from it", () => {
  const at = (minute: number, kind: MetricPoint["kind"], value: number): MetricPoint => ({
    tenantId: "acme",
    resource: "members",
    kind,
    stream: kind,
    startedAtMicros: 0,
    sampledAtMicros: NOW_MICROS + minute * 60_000_000,
    accountedAtMicros: NOW_MICROS + minute * 60_000_000,
    value,
  });
  const history = [at(1, "delta", 5), at(2, "delta", 5), at(3, "gauge", 8), at(4, "delta", -2)];
  const levels = history.map((_, index) => foldLevel(null, history.slice(0, index + 1), []).at(-1)?.value);
  expect(levels).toEqual([5, 10, 8, 6]);
});

test("what moves from one stream to another at one instant is not counted twice, also when the streams arrive apart", () => {
  const part = (stream: string, minute: number, value: number): MetricPoint => ({
    tenantId: "acme",
    resource: "channels",
    kind: "cumulative",
    stream,
    startedAtMicros: 0,
    sampledAtMicros: NOW_MICROS + minute * 60_000_000,
    accountedAtMicros: NOW_MICROS + minute * 60_000_000,
    value,
  });
  const [day] = foldLevel(null, [part("a", 1, 10), part("b", 1, 0), part("b", 2, 10), part("a", 2, 0)], []);
  expect(day).toMatchObject({ value: 10, highWater: 10 });
});
