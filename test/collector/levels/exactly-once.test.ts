import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createLevelRecorder } from "../../../collector/record/level-recorder.ts";
import type { Producer } from "../../../collector/record/recorder.ts";
import { pointIdentity } from "#database/levels/metric-point";
import type { MetricPoint } from "#database/levels/metric-point";
import { createPool } from "#database/pool";
import { createTestDatabase } from "../../database/test-database.ts";
import {
  OTHER_ZONE,
  arbitraryPoint,
  expectedLevelDays,
  expectedUsage,
  storedLevelDays,
  storedUsage,
} from "../../database/levels/level-oracle.ts";
import { OTHER_STREAM, sampleOf } from "./sample-of.ts";

const PRODUCER: Producer = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };
describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.ownerUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  const pools = [1, 2].map((n) =>
    createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
  );
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));
  await admin.query("select quotel.ensure_event_partitions(current_date - 31, current_date + 2)");
  await admin.query("insert into quotel.tenant_calendars values ($1, '2000-01-01', $2, 1)", [
    OTHER_ZONE.tenantId,
    OTHER_ZONE.zone,
  ]);
  const recorders = pools.map((pool) => createLevelRecorder({ pool, defaultPlan: "trial", log: quiet }));
  afterAll(() => Promise.all(recorders.map((recorder) => recorder.close())));

  const forget = async (): Promise<void> => {
    await admin.query(`truncate quotel.metric_points, quotel.levels, quotel.level_days, quotel.counters,
      quotel.usage_events, quotel.unfolded_batches, quotel.day_totals`);
  };
  afterEach(forget);

  /** Delivers every batch to either collector, all at the same time. */
  async function deliver(batches: readonly (readonly MetricPoint[])[]): Promise<void> {
    const outcomes = await Promise.all(
      batches.map((batch, index) => recorders[index % recorders.length]!.record(batch, PRODUCER)),
    );
    expect(outcomes.map((outcome) => outcome.kind === "committed" && outcome.refused.total())).toEqual(
      batches.map(() => 0),
    );
  }

  async function levels(): Promise<unknown[]> {
    const { rows } = await admin.query(
      "select tenant_id, resource, value, high_water from public.usage_levels order by 1, 2, period_start desc",
    );
    return rows;
  }

  test("I1: repeated, shuffled and split over two collectors at once, points give the levels and usage of one ordered delivery", async () => {
    const deliveries = fc
      .uniqueArray(arbitraryPoint(Date.now() * 1000), { minLength: 1, maxLength: 60, selector: pointIdentity })
      .chain((points) =>
        fc.record({
          points: fc.constant(points),
          order: fc.shuffledSubarray(
            [...points, ...points].map((_, i) => i),
            { minLength: points.length * 2 },
          ),
          size: fc.integer({ min: 1, max: 40 }),
        }),
      );
    await fc.assert(
      fc
        .asyncProperty(deliveries, async ({ points, order, size }) => {
          const repeated = order.map((i) => points[i % points.length]!);
          const batches: MetricPoint[][] = [];
          for (let i = 0; i < repeated.length; i += size) batches.push(repeated.slice(i, i + size));
          await deliver(batches);
          expect(await storedLevelDays(admin)).toEqual(expectedLevelDays(points));
          expect(await storedUsage(admin)).toEqual(expectedUsage(points));
        })
        .afterEach(forget),
      { numRuns: 25 },
    );
  });

  test("a level is the latest sample by time, never by arrival, and its high-water mark includes what came late", async () => {
    await deliver([[sampleOf(1, 20)]]);
    await deliver([[sampleOf(3, 50)]]);
    await deliver([[sampleOf(2, 30, { stream: OTHER_STREAM })]]);
    expect(await levels()).toEqual([{ tenant_id: "acme", resource: "members", value: 20, high_water: 50 }]);
  });

  test("up-down sums of several instances add up, and one that falls silent stops counting", async () => {
    const part = { kind: "cumulative", startedAtMicros: 5_000_000 } as const;
    await deliver([
      [sampleOf(20, 7, part), sampleOf(20, 5, { ...part, stream: OTHER_STREAM })],
      [sampleOf(18, 8, part)],
    ]);
    expect(await levels()).toEqual([{ tenant_id: "acme", resource: "members", value: 13, high_water: 13 }]);
    await deliver([[sampleOf(10, 8, part)]]);
    expect(await levels()).toEqual([{ tenant_id: "acme", resource: "members", value: 8, high_water: 13 }]);
  });

  test("an instance that restarts replaces what it contributed before", async () => {
    const part = { kind: "cumulative", startedAtMicros: 5_000_000 } as const;
    await deliver([[sampleOf(3, 40, part)]]);
    await deliver([[sampleOf(1, 4, { ...part, startedAtMicros: 6_000_000 })]]);
    expect(await levels()).toEqual([{ tenant_id: "acme", resource: "members", value: 4, high_water: 40 }]);
  });

  test("the same identity with another value changes no level, and the conflict is counted", async () => {
    const first = sampleOf(5, 10);
    await deliver([[first]]);
    const before = recorders[0]!.counters.conflicting;
    await deliver([[{ ...first, value: 99 }]]);
    expect(recorders[0]!.counters.conflicting).toBe(before + 1);
    expect(await levels()).toEqual([{ tenant_id: "acme", resource: "members", value: 10, high_water: 10 }]);
  });

  test("I4: points beyond the horizon or a day ahead are refused with their reason and leave no trace", async () => {
    const outcome = await recorders[0]!.record([sampleOf(31 * 1440, 1), sampleOf(-25 * 60, 2)], PRODUCER);
    expect(outcome.kind === "committed" && outcome.refused.said("refused")).toBe(
      "refused: beyond_horizon (1), in_future (1)",
    );
    expect(await levels()).toEqual([]);
  });

  test("a counter that grows more than one event may claim is refused alone, and counting goes on after it", async () => {
    const count = { kind: "counter", resource: "bandwidth", startedAtMicros: 5_000_000 } as const;
    const outcome = await recorders[0]!.record(
      [sampleOf(4, 10, count), sampleOf(3, 2_000_000_000_000, count), sampleOf(2, 25, count)],
      PRODUCER,
    );
    expect(outcome.kind === "committed" && outcome.refused.said("refused")).toBe("refused: out_of_range (1)");
    expect(await storedUsage(admin)).toEqual(new Map([["acme bandwidth", 25]]));
  });

  test("I5: a level beyond what numbers hold exactly is refused, and its neighbours are kept", async () => {
    const change = { kind: "delta", resource: "storage_bytes" } as const;
    const outcome = await recorders[0]!.record(
      [sampleOf(4, Number.MAX_SAFE_INTEGER, change), sampleOf(3, 5, { ...change, startedAtMicros: 1 }), sampleOf(2, 3)],
      PRODUCER,
    );
    expect(outcome.kind === "committed" && outcome.refused.said("refused")).toBe("refused: out_of_range (1)");
    expect(await levels()).toMatchObject([
      { resource: "members", value: 3 },
      { resource: "storage_bytes", value: Number.MAX_SAFE_INTEGER },
    ]);
  });

  test("I6: a counter whose tenant was unknown at first counts on from there once the tenant is registered, and nothing twice", async () => {
    const recorder = createLevelRecorder({ pool: pools[0]!, defaultPlan: null, log: quiet });
    const count = {
      tenantId: `late-${version}`,
      kind: "counter",
      resource: "bandwidth",
      startedAtMicros: 5_000_000,
    } as const;
    const early = [sampleOf(8, 10, count), sampleOf(6, 30, count)];
    await recorder.record(early, PRODUCER);
    await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1) on conflict do nothing");
    await admin.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'trial')", [count.tenantId]);
    await recorder.record([...early, sampleOf(5, 33, count), sampleOf(2, 37, count)], PRODUCER);
    await recorder.record([sampleOf(7, 20, count), sampleOf(4, 35, count), sampleOf(1, 41, count)], PRODUCER);
    await recorder.close();
    expect(await storedUsage(admin)).toEqual(
      new Map([
        ["unattributed bandwidth", 30],
        [`${count.tenantId} bandwidth`, 11],
      ]),
    );
  });

  test("old points are deleted, so many at a time, but never a counter's newest, so that its next difference is right", async () => {
    const count = { kind: "counter", resource: "bandwidth", startedAtMicros: 5_000_000 } as const;
    await deliver([[sampleOf(20, 10, count), sampleOf(10, 30, count), sampleOf(20, 1), sampleOf(10, 2)]]);
    await admin.query(
      `update quotel.metric_points set sampled_at = sampled_at - interval '40 days',
        accounted_at = accounted_at - interval '40 days'`,
    );
    for (const deleted of [2, 1, 0]) {
      const { rows } = await pools[0]!.query("select quotel.forget_old_points(2) as deleted");
      expect(rows).toEqual([{ deleted }]);
    }
    await deliver([[sampleOf(1, 37, count)]]);
    expect(await storedUsage(admin)).toEqual(new Map([["acme bandwidth", 37]]));
  });
});

test("a level recorder whose database is away asks for the points again", async () => {
  const pool = createPool({ connectionString: "postgres://nobody:x@127.0.0.1:9/none", applicationName: "away" });
  const recorder = createLevelRecorder({ pool, defaultPlan: "trial", log: quiet });
  expect(await recorder.record([sampleOf(1, 1)], PRODUCER)).toEqual({ kind: "unavailable", retryAfterSeconds: 2 });
  await pool.end();
});
