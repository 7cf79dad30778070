import fc from "fast-check";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRecorder } from "../../../collector/record/recorder.ts";
import type { Recorder } from "../../../collector/record/recorder.ts";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { rebuild } from "#database/repair/rebuild/rebuild";
import type { RebuildOutcome, RebuiltDay } from "#database/repair/rebuild/rebuild";
import { foldRollups } from "#database/rollups/fold";
import { createTestDatabase } from "../test-database.ts";
import { arbitraryEvent } from "../record/arbitrary-event.ts";
import { driftFromLedger, expectedTotals, storedTotals } from "../record/usage-oracle.ts";
import { contentsOf } from "./database-contents.ts";

const DAY_MS = 86_400_000;
const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
/** The days of all events, a day that began in another zone included. */
const RANGE = { fromMs: TODAY_MS - 4 * DAY_MS, toMs: TODAY_MS + DAY_MS, tenantId: null, dryRun: false };
const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };

/** Distinct events; a few hundred are enough for every bucket to hold several. */
function sample(count: number): UsageEvent[] {
  return fc.sample(arbitraryEvent(Date.now() * 1000), count).map((event, i) => ({
    ...event,
    traceId: (i + 1).toString(16).padStart(32, "0"),
  }));
}

/** What may happen to folded rollups and totals where somebody has meddled or a disk has lied. */
const CORRUPTIONS = [
  `delete from quotel.folded_rollups where hashtext(model || bucket_start) % 3 = 0;
   update quotel.folded_rollups set model = model || '?' where event_type = 'chat' and granularity = 'day'`,
  "update quotel.folded_rollups set latency[1] = 3 where event_type = 'chat'",
  "update quotel.folded_rollups set duration_us_max = 0, unpriced_events = 9 where granularity = 'hour'",
  "truncate quotel.folded_rollups",
  `update quotel.day_totals set used[1] = used[1] - 7, used[3] = 5 where tenant_id = 'acme';
   delete from quotel.day_totals where tenant_id = 'globex';
   insert into quotel.day_totals values ('initech', 'widgets', date_trunc('day', now(), 'UTC'),
     date_trunc('day', now(), 'UTC') + interval '1 day', date_trunc('month', now(), 'UTC'),
     date_trunc('month', now(), 'UTC') + interval '1 month', '{12}', '{}')`,
];

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "repair" });
  const writers = [1, 2].map((n) =>
    createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
  );
  afterAll(() => Promise.all([owner, ...writers].map((pool) => pool.end())));
  const recorders: Recorder[] = [];
  beforeEach(() => {
    for (const pool of writers) recorders.push(createRecorder({ pool, defaultPlan: "trial", log: quiet }));
  });
  afterEach(async () => {
    await Promise.all(recorders.splice(0).map((recorder) => recorder.close()));
    const tables = [
      "usage_events",
      "unfolded_batches",
      "folded_rollups",
      "day_totals",
      "reservations",
      "accounted_days",
    ];
    await owner.query([...tables, "tenant_calendars"].map((table) => `delete from quotel.${table}`).join("; "));
  });

  async function record(events: readonly UsageEvent[], size = 20): Promise<void> {
    for (let i = 0; i < events.length; i += size) {
      const recorder = recorders[(i / size) % recorders.length]!;
      expect(await recorder.record(events.slice(i, i + size), PRODUCER)).toEqual({ kind: "committed" });
    }
  }

  async function rebuildAll(request: Partial<typeof RANGE | { tenantId: string }> = {}) {
    const days: RebuiltDay[] = [];
    const outcome: RebuildOutcome = await rebuild(owner, { ...RANGE, ...request }, (day) => days.push(day));
    const drift = days.reduce(
      (sum, { rollups, totals }) => ({
        rollups: sum.rollups + rollups.missing + rollups.extra + rollups.different,
        totals: sum.totals + totals.length,
      }),
      { rollups: 0, totals: 0 },
    );
    return { outcome, days, drift };
  }
  const NO_DRIFT = { rollups: 0, totals: 0 };

  test("I3: whatever was done to rollups and totals, a rebuild makes them what the ledger says, and says what it found", async () => {
    // Days and months of one tenant are not those of the ledger.
    await owner.query("insert into quotel.tenant_calendars values ('globex', '2020-01-01', 'Asia/Kolkata', 15)");
    const events = sample(400);
    await record(events.slice(0, 300));
    await foldRollups(writers[0]!);
    // Not folded while the test corrupts and repairs.
    await Promise.all(recorders.splice(0).map((recorder) => recorder.close()));
    recorders.push(createRecorder({ pool: writers[0]!, defaultPlan: "trial", log: quiet }));
    await record(events.slice(300), 100);
    const intact = await contentsOf(owner);
    expect((await rebuildAll()).drift).toEqual(NO_DRIFT);

    for (const corruption of CORRUPTIONS) {
      await owner.query(corruption);
      expect(await contentsOf(owner), corruption).not.toEqual(intact);
      const wet = await rebuildAll();
      expect(wet.outcome).toEqual({ kind: "rebuilt" });
      expect(wet.drift.rollups > 0, corruption).toBe(corruption.includes("folded_rollups"));
      expect(wet.drift.totals > 0, corruption).toBe(corruption.includes("day_totals"));
      expect(await contentsOf(owner), corruption).toEqual(intact);
    }
    expect((await rebuildAll()).drift).toEqual(NO_DRIFT);
  });

  test("I3: a rebuild over and over finds no drift while two collectors record and fold, and totals come out exact", async () => {
    const events = sample(600);
    const recording = new AbortController();
    const traffic = Promise.all(
      recorders.map(async (recorder, half) => {
        const batches = Array.from({ length: 40 }, (_, i) => events.slice(i * 15, i * 15 + 15));
        for (const batch of half === 0 ? batches : batches.reverse()) {
          expect(await recorder.record(batch, PRODUCER)).toEqual({ kind: "committed" });
        }
      }),
    ).finally(() => recording.abort());
    const folding = (async () => {
      while (!recording.signal.aborted) await foldRollups(writers[0]!);
    })();
    let rebuilds = 0;
    while (!recording.signal.aborted) {
      const { drift } = await rebuildAll({ fromMs: TODAY_MS - DAY_MS, toMs: TODAY_MS + DAY_MS });
      expect(drift).toEqual(NO_DRIFT);
      rebuilds += 1;
    }
    await Promise.all([traffic, folding]);
    expect(rebuilds).toBeGreaterThan(2);
    expect(await storedTotals(owner)).toEqual(expectedTotals(events));
    expect(await driftFromLedger(owner)).toEqual([]);
    expect((await rebuildAll()).drift).toEqual(NO_DRIFT);
  });

  test("I3: totals and rollups corrupted under traffic are put right without losing what is recorded meanwhile", async () => {
    const events = sample(500);
    await record(events.slice(0, 100));
    await foldRollups(writers[0]!);
    await owner.query("update quotel.day_totals set used = quotel.add_amounts(used, '{1000,1000,1000}')");
    await owner.query("update quotel.folded_rollups set events = events + 1000, input_tokens = 0");
    const [rebuilt] = await Promise.all([rebuildAll(), record(events.slice(100)), foldRollups(writers[1]!)]);
    expect(rebuilt.drift.totals).toBeGreaterThan(0);
    expect(rebuilt.drift.rollups).toBeGreaterThan(0);
    expect(await storedTotals(owner)).toEqual(expectedTotals(events));
    expect(await driftFromLedger(owner)).toEqual([]);
  });

  test("a dry rebuild says what a rebuild says, and changes nothing", async () => {
    await record(sample(100));
    await foldRollups(writers[0]!);
    await owner.query("update quotel.day_totals set used[1] = 1; update quotel.folded_rollups set amount = amount + 1");
    const corrupt = await contentsOf(owner);
    const dry = await rebuildAll({ dryRun: true });
    expect(await contentsOf(owner)).toEqual(corrupt);
    expect((await rebuildAll()).days).toEqual(dry.days);
    expect(dry.drift.rollups).toBeGreaterThan(0);
    expect(dry.drift.totals).toBeGreaterThan(0);
  });

  test("a rebuild of one tenant leaves the others as they are", async () => {
    await record(sample(200));
    await foldRollups(writers[0]!);
    await owner.query("update quotel.day_totals set used[1] = 1; update quotel.folded_rollups set amount = amount + 1");
    const ofOthers = async (): Promise<unknown> =>
      Object.values(await contentsOf(owner)).map((rows) =>
        rows.filter((row) => (row as { tenant_id: string }).tenant_id !== "acme"),
      );
    const before = await ofOthers();
    expect((await rebuildAll({ tenantId: "acme" })).drift.rollups).toBeGreaterThan(0);
    expect(await ofOthers()).toEqual(before);
    expect((await rebuildAll({ tenantId: "acme" })).drift).toEqual(NO_DRIFT);
    expect((await rebuildAll({ dryRun: true })).drift).not.toEqual(NO_DRIFT);
  });

  test("an event that is accounted to another day than that of its claimed end is found by that day's rebuild", async () => {
    const [event] = fc.sample(arbitraryEvent(Date.now() * 1000), 1) as [UsageEvent];
    await record([{ ...event, tenantId: "acme", reservationId: null, amount: 3, userId: "ann" }]);
    // As a reservation admitted three days before would have it.
    await owner.query(
      "update quotel.usage_events set accounted_at = accounted_at - interval '3 days', day_start = day_start - interval '3 days'",
    );
    await owner.query("delete from quotel.day_totals");
    await rebuildAll({ fromMs: RANGE.fromMs - 2 * DAY_MS });
    await foldRollups(writers[0]!);
    const before = await contentsOf(owner);
    await owner.query("truncate quotel.folded_rollups, quotel.day_totals, quotel.accounted_days");
    // The hour's, the day's and the user's.
    expect((await rebuildAll({ fromMs: RANGE.fromMs - 2 * DAY_MS })).drift.rollups).toBe(3);
    expect(await contentsOf(owner)).toEqual(before);
    expect(await driftFromLedger(owner)).toEqual([]);
  });

  test("days whose events the ledger has lost are sealed: their rollups and totals stay as they are", async () => {
    await record(sample(100));
    await foldRollups(writers[0]!);
    const before = await contentsOf(owner);
    const unsealedFromMs = TODAY_MS - DAY_MS;
    await owner.query("update quotel.ledger_seal set unsealed_from = $1", [new Date(unsealedFromMs)]);
    const { outcome, days } = await rebuildAll();
    expect(outcome).toEqual({ kind: "sealed", dayMs: RANGE.fromMs, unsealedFromMs });
    expect(days).toEqual([]);
    expect((await rebuildAll({ fromMs: unsealedFromMs })).drift).toEqual(NO_DRIFT);
    expect(await contentsOf(owner)).toEqual(before);
    await owner.query("update quotel.ledger_seal set unsealed_from = '-infinity'");
  });
});
