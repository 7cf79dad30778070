import { accountingPeriods } from "../../periods/period.ts";
import type { CalendarVersion } from "../../periods/period.ts";
import { requireExact } from "../exact.ts";
import type { MetricPoint } from "../metric-point.ts";

/**
 * How long a stream contributes after its last point, in microseconds, while others go on: five minutes, the look-back
 * that Prometheus made customary. An instance that died under a name of its own stops counting then.
 */
export const STREAM_LIVE_MICROS = 300_000_000;

/** What a level is made of at one instant; its value is `levelOf` it. */
export interface LevelState {
  /** The last gauge's value; null while streams, or nothing, state the level. */
  readonly gauge: number | null;
  /** Sum of the changes since that gauge, or since the first sample. */
  readonly changes: number;
  /** By stream: when it spoke last (microseconds), and its part. */
  readonly parts: Readonly<Record<string, readonly [atMicros: number, value: number]>>;
}

/** A tenant's level of one resource over one day of its calendar. */
export interface LevelDay {
  readonly dayStartMs: number;
  readonly monthStartMs: number;
  /** The last level, and when it was sampled. */
  readonly value: number;
  readonly asOfMicros: number;
  /** The highest level after any instant of the day that was sampled. */
  readonly highWater: number;
  readonly state: LevelState;
}

const EMPTY: LevelState = { gauge: null, changes: 0, parts: {} };

/**
 * Folds samples into the days they belong to. Pure, and a function of the set of samples: their order does not matter,
 * so a level is the latest by time and never by arrival. Samples of one instant count together, so that what moves from
 * one stream to another at that instant is at no time counted twice.
 *
 * - A gauge states the whole level: it replaces what streams said, and changes from then on add to it.
 * - A stream's cumulative sum states its part: the latest of every live stream adds up, a gauge no longer holds.
 * - A delta changes the level.
 *
 * @param before the day where folding goes on; all samples are later than its last one. Null = there is none
 * @returns every day that has a sample, ascending; `before` in its new form when it is one of them
 */
export function foldLevel(
  before: LevelDay | null,
  samples: readonly MetricPoint[],
  calendar: readonly CalendarVersion[],
): LevelDay[] {
  const days: LevelDay[] = [];
  let current = before;
  for (const [atMicros, together] of instantsOf(samples)) {
    const state = advance(current?.state ?? EMPTY, atMicros, together);
    const value = requireExact(levelOf(state), "level");
    const { day, month } = accountingPeriods(Math.floor(atMicros / 1000), calendar);
    const sameDay = current !== null && current.dayStartMs === day.startMs;
    const highWater = sameDay ? Math.max(current!.highWater, value) : value;
    if (sameDay && days.length > 0) days.pop();
    current = { dayStartMs: day.startMs, monthStartMs: month.startMs, value, asOfMicros: atMicros, highWater, state };
    days.push(current);
  }
  return days;
}

function levelOf({ gauge, changes, parts }: LevelState): number {
  return (gauge ?? Object.values(parts).reduce((sum, [, value]) => sum + value, 0)) + changes;
}

function advance(state: LevelState, atMicros: number, together: readonly MetricPoint[]): LevelState {
  let { gauge, changes } = state;
  let parts = Object.fromEntries(
    Object.entries(state.parts).filter(([, [spokeAt]]) => spokeAt > atMicros - STREAM_LIVE_MICROS),
  );
  for (const { kind, stream, value } of together) {
    if (kind === "gauge") {
      gauge = value;
      changes = 0;
      parts = {};
    } else if (kind === "cumulative") {
      gauge = null;
      parts[stream] = [atMicros, value];
    } else {
      changes += value;
    }
  }
  return { gauge, changes, parts };
}

/** Samples by instant, ascending; within one, in the order they take effect. */
function instantsOf(samples: readonly MetricPoint[]): Map<number, MetricPoint[]> {
  const instants = new Map<number, MetricPoint[]>();
  for (const sample of samples.toSorted(compareSamples)) {
    const together = instants.get(sample.accountedAtMicros);
    if (together) together.push(sample);
    else instants.set(sample.accountedAtMicros, [sample]);
  }
  return instants;
}

/** A gauge comes after the sums of its instant: it saw what they say. The rest only has to be some order of all. */
const EFFECT_ORDER = ["counter", "cumulative", "delta", "gauge"];

function compareSamples(a: MetricPoint, b: MetricPoint): number {
  return (
    a.accountedAtMicros - b.accountedAtMicros ||
    EFFECT_ORDER.indexOf(a.kind) - EFFECT_ORDER.indexOf(b.kind) ||
    a.sampledAtMicros - b.sampledAtMicros ||
    (a.stream < b.stream ? -1 : a.stream > b.stream ? 1 : 0) ||
    a.startedAtMicros - b.startedAtMicros
  );
}
