import type { MetricPoint } from "../metric-point.ts";

/** A value of one counter and one start of it; `fresh` is the point where this transaction brought it, else null. */
export interface CounterValue {
  readonly value: number;
  readonly fresh: MetricPoint | null;
}

/** What a fresh point adds to the usage already counted; more than 0. */
export interface Increase {
  readonly point: MetricPoint;
  readonly amount: number;
}

/**
 * What each fresh point of a counter adds, so that all amounts together are the sum of the increases between neighbours,
 * in whatever order and batches points arrive. A value below the one before it is a reset: the counter began again at 0.
 * A point that arrives late, between two known ones, adds only what its neighbours' difference had not counted: nothing,
 * unless it shows a reset.
 *
 * @param values of one stream and one start, ascending by time; at least the neighbours of every fresh one
 */
export function counterIncreases(values: readonly CounterValue[]): Increase[] {
  return values.flatMap(({ value, fresh }, index) => {
    if (fresh === null) return [];
    // All before it are counted by now, fresh or not; of those after it only the known ones.
    const before = values[index - 1]?.value ?? null;
    const after = values.slice(index + 1).find((later) => later.fresh === null)?.value ?? null;
    const amount =
      after === null
        ? increase(before, value)
        : increase(before, value) + increase(value, after) - increase(before, after);
    return amount === 0 ? [] : [{ point: fresh, amount }];
  });
}

function increase(from: number | null, to: number): number {
  return from === null || to < from ? to : to - from;
}
