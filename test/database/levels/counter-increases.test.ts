import fc from "fast-check";
import { expect, test } from "vitest";
import { counterIncreases } from "#database/levels/counters/counter-increases";
import type { MetricPoint } from "#database/levels/metric-point";

function pointAt(minute: number, value: number): MetricPoint {
  const micros = minute * 60_000_000;
  return {
    tenantId: "acme",
    resource: "bandwidth",
    kind: "counter",
    stream: "a",
    startedAtMicros: 0,
    sampledAtMicros: micros,
    accountedAtMicros: micros,
    value,
  };
}

/** Delivers points in batches and adds up what each batch was found to add. */
function counted(batches: readonly (readonly MetricPoint[])[]): number[] {
  const known: MetricPoint[] = [];
  return batches.map((batch) => {
    const all = [...known, ...batch].sort((a, b) => a.sampledAtMicros - b.sampledAtMicros);
    known.push(...batch);
    const values = all.map((point) => ({ value: point.value, fresh: batch.includes(point) ? point : null }));
    return counterIncreases(values).reduce((sum, { amount }) => sum + amount, 0);
  });
}

test("a counter's increases sum up to the same, resets included, in whatever order and batches points arrive", () => {
  const values = fc.array(fc.nat(50), { minLength: 1, maxLength: 12 });
  const orders = values.chain((all) =>
    fc.record({
      points: fc.constant(all.map((value, minute) => pointAt(minute, value))),
      order: fc.shuffledSubarray(
        all.map((_, i) => i),
        { minLength: all.length },
      ),
      size: fc.integer({ min: 1, max: 5 }),
    }),
  );
  fc.assert(
    fc.property(orders, ({ points, order, size }) => {
      const shuffled = order.map((i) => points[i]!);
      const batches = shuffled.flatMap((_, i) => (i % size === 0 ? [shuffled.slice(i, i + size)] : []));
      let before = 0;
      let expected = 0;
      for (const { value } of points) {
        expected += value >= before ? value - before : value;
        before = value;
      }
      const added = counted(batches);
      expect(added.every((amount) => amount >= 0)).toBe(true);
      expect(added.reduce((sum, amount) => sum + amount, 0)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
});

test("a point that arrives late between two known ones adds nothing", () => {
  expect(counted([[pointAt(1, 10)], [pointAt(3, 30)], [pointAt(2, 25)]])).toEqual([10, 20, 0]);
});

test("a late point that shows a reset adds what the difference across it had missed", () => {
  expect(counted([[pointAt(1, 10)], [pointAt(3, 12)], [pointAt(2, 4)]])).toEqual([10, 2, 10]);
});
