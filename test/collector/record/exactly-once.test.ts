import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import type { Producer, Recorder } from "../../../collector/record/recorder.ts";
import { createPool } from "#database/pool";
import { foldRollups } from "#database/rollups/fold";
import type { UsageEvent } from "#database/record/usage-event";
import { createTestDatabase } from "../../database/test-database.ts";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";
import { driftFromHolds, driftFromLedger, expectedTotals, storedTotals } from "../../database/record/usage-oracle.ts";

const PRODUCER: Producer = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

function batchesOf(events: readonly UsageEvent[], size: number): UsageEvent[][] {
  const batches: UsageEvent[][] = [];
  for (let i = 0; i < events.length; i += size) batches.push(events.slice(i, i + size));
  return batches;
}

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.ownerUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  const pools = [1, 2].map((n) =>
    createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
  );
  afterAll(() => Promise.all(pools.map((pool) => pool.end())));
  const recorders: Recorder[] = pools.map((pool) => createRecorder({ pool, defaultPlan: "trial", log: quiet }));
  afterAll(() => Promise.all(recorders.map((recorder) => recorder.close())));

  afterEach(async () => {
    await admin.query(
      "truncate quotel.usage_events, quotel.unfolded_batches, quotel.folded_rollups, quotel.day_totals, quotel.reservations, quotel.quarantine",
    );
  });

  /** Delivers every batch, some twice, to either collector, all at the same time. */
  async function deliver(batches: readonly (readonly UsageEvent[])[]): Promise<void> {
    const outcomes = await Promise.all(
      batches.map((batch, index) => recorders[index % recorders.length]!.record(batch, PRODUCER)),
    );
    expect(outcomes.every((outcome) => outcome.kind === "committed")).toBe(true);
  }

  test("I1, I3: duplicated, shuffled and split over two collectors at once, every span counts once and totals equal a brute-force sum", async () => {
    const deliveries = fc
      .uniqueArray(arbitraryEvent(Date.now() * 1000), { minLength: 1, maxLength: 60, selector: (it) => it.traceId })
      .chain((events) =>
        fc.record({
          events: fc.constant(events),
          // Each event is delivered one to three times, in an order of fast-check's choosing.
          order: fc.shuffledSubarray(
            [...events, ...events, ...events].map((_, i) => i),
            {
              minLength: events.length * 2,
            },
          ),
          size: fc.integer({ min: 1, max: 40 }),
        }),
      );
    await fc.assert(
      fc
        .asyncProperty(deliveries, async ({ events, order, size }) => {
          const repeated = [...order.map((i) => events[i % events.length]!), ...events];
          // Folding goes on meanwhile; what the rollups say must not depend on how far it has come.
          await Promise.all([deliver(batchesOf(repeated, size)), foldRollups(pools[0]!), foldRollups(pools[1]!)]);
          expect(await storedTotals(admin)).toEqual(expectedTotals(events));
          expect(await driftFromLedger(admin)).toEqual([]);
          await foldRollups(pools[0]!);
          expect(await driftFromLedger(admin)).toEqual([]);
          expect(await driftFromHolds(admin)).toEqual([]);
        })
        .afterEach(async () => {
          await admin.query(
            "truncate quotel.usage_events, quotel.unfolded_batches, quotel.folded_rollups, quotel.day_totals, quotel.reservations",
          );
        }),
      { numRuns: 40 },
    );
  });

  test("I1: the same identity with another payload changes nothing, and the conflict is kept", async () => {
    const [event] = fc.sample(arbitraryEvent(Date.now() * 1000), 1) as [UsageEvent];
    await deliver([[event]]);
    const before = await storedTotals(admin);
    const contradiction = { ...event, durationMicros: event.durationMicros + 1, inputTokens: 77 };
    await deliver([[contradiction], [event], [contradiction]]);
    expect(await storedTotals(admin)).toEqual(before);
    const { rows } = await admin.query("select reason, payload ->> 'inputTokens' as input from quotel.quarantine");
    expect(rows).toEqual([{ reason: "conflict", input: "77" }]);
  });

  test("I1: a batch that contradicts itself counts the first span only", async () => {
    const [event] = fc.sample(arbitraryEvent(Date.now() * 1000), 1) as [UsageEvent];
    await deliver([[event, { ...event, durationMicros: event.durationMicros + 1 }]]);
    expect(await storedTotals(admin)).toEqual(expectedTotals([event]));
  });

  test("one event that Postgres cannot store is kept in quarantine and costs its neighbours nothing", async () => {
    const events = fc.sample(arbitraryEvent(Date.now() * 1000), 300).map((event, i) => ({
      ...event,
      traceId: (i + 1).toString(16).padStart(32, "0"),
    }));
    // Beyond bigint: no validation upstream could be trusted to stop every such value.
    const poison = { ...events[150]!, tenantId: "acme", durationMicros: 1e19 };
    const healthy = events.filter((_, i) => i !== 150);
    await deliver([[...healthy.slice(0, 150), poison, ...healthy.slice(150)]]);
    expect(await storedTotals(admin)).toEqual(expectedTotals(healthy));
    const { rows } = await admin.query("select reason, trace_id::text as trace from quotel.quarantine");
    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatchObject({ reason: "unstorable" });
  });

  test("I4: events beyond the horizon or more than a day ahead are kept in quarantine with their reason, once", async () => {
    const [event] = fc.sample(arbitraryEvent(Date.now() * 1000), 1) as [UsageEvent];
    const old = { ...event, endedAtMicros: (Date.now() - 31 * 86_400_000) * 1000 };
    const ahead = { ...event, endedAtMicros: (Date.now() + 25 * 3_600_000) * 1000 };
    await deliver([
      [old, ahead],
      [old, ahead],
    ]);
    expect(await storedTotals(admin)).toEqual(new Map());
    const { rows } = await admin.query("select reason from quotel.quarantine order by reason");
    expect(rows).toEqual([{ reason: "beyond_horizon" }, { reason: "in_future" }]);
  });
});
