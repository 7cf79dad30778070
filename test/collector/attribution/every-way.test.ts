import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { endBackfill } from "#database/backfill/end-backfill";
import { openBackfill } from "#database/backfill/open-backfill";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { recordChunk } from "../../../collector/commands/backfill/chunk.ts";
import { revert } from "../../../collector/commands/backfill/revert.ts";
import { replay } from "../../../collector/commands/quarantine/replay.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../../../collector/normalise/tenant/tenant-attributes.ts";
import { createPrice } from "../../../collector/price/price.ts";
import { reattribute } from "../../../collector/commands/reattribute/reattribute.ts";
import { Attribution } from "../../../collector/record/attribution.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import type { Recorder } from "../../../collector/record/recorder.ts";
import { bucketDrift } from "../../database/attribution/bucket-drift.ts";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";
import { driftFromHolds, driftFromLedger, expectedTotals, storedTotals } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };
const OLD_MICROS = 40 * 86_400_000_000;
/** `acme` is registered from the start, the others some time later or never. */
const NAMES = ["acme", "late", "never", "unattributed"] as const;

type Step =
  | { readonly kind: "deliver"; readonly spans: readonly number[]; readonly by: number }
  | { readonly kind: "backfill"; readonly spans: readonly number[] }
  | { readonly kind: "revert"; readonly run: number }
  | { readonly kind: "reattribute"; readonly to: "acme" | "late"; readonly claimed: string | null }
  | { readonly kind: "register" | "fold" | "replay" };

/** For whom a span counts, and which run brought it; the plainest account of the whole machinery. */
class Model {
  readonly #spans: readonly UsageEvent[];
  readonly counted = new Map<number, { tenantId: string; run: number | null }>();
  readonly registered = new Set(["acme"]);

  constructor(spans: readonly UsageEvent[]) {
    this.#spans = spans;
  }

  count(indexes: readonly number[], run: number | null): void {
    for (const index of indexes) {
      const { tenantId, endedAtMicros } = this.#spans[index]!;
      const tooOld = endedAtMicros < Date.now() * 1000 - 30 * 86_400_000_000;
      if (this.counted.has(index) || (run === null && tooOld)) continue;
      this.counted.set(index, { tenantId: this.registered.has(tenantId) ? tenantId : "unattributed", run });
    }
  }

  revert(run: number): void {
    for (const [index, it] of this.counted) if (it.run === run) this.counted.delete(index);
  }

  reattribute(to: string, claimed: string | null): void {
    if (!this.registered.has(to)) return;
    for (const [index, it] of this.counted) {
      const isMeant = claimed === null || this.#spans[index]!.tenantId === claimed;
      if (it.tenantId === "unattributed" && isMeant) it.tenantId = to;
    }
  }

  events(): UsageEvent[] {
    return [...this.counted].map(([index, { tenantId }]) => ({ ...this.#spans[index]!, tenantId }));
  }
}

const span = fc
  .record({ event: arbitraryEvent(Date.now() * 1000), name: fc.constantFrom(...NAMES), isOld: fc.boolean() })
  .map(({ event, name, isOld }) => ({
    ...event,
    tenantId: name,
    endedAtMicros: isOld ? event.endedAtMicros - OLD_MICROS : event.endedAtMicros,
  }));

const story = fc.uniqueArray(span, { minLength: 3, maxLength: 14, selector: (it) => it.traceId }).chain((spans) => {
  const some = fc.subarray([...spans.keys()], { minLength: 1 });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("deliver" as const), spans: some, by: fc.nat(1) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("backfill" as const), spans: some }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("revert" as const), run: fc.nat(2) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant("reattribute" as const),
        to: fc.constantFrom("acme" as const, "late" as const),
        claimed: fc.constantFrom(null, "late", "never"),
      }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom("register", "fold", "replay") }) },
  );
  return fc.record({ spans: fc.constant(spans), steps: fc.array(step, { minLength: 2, maxLength: 12 }) });
});

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "owner" });
  afterAll(() => owner.end());
  const writers = [0, 1].map((n) =>
    createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
  );
  afterAll(() => Promise.all(writers.map((pool) => pool.end())));

  async function play(spans: readonly UsageEvent[], steps: readonly Step[]): Promise<Model> {
    const recorders: Recorder[] = writers.map((pool) => createRecorder({ pool, defaultPlan: null, log: quiet }));
    const model = new Model(spans);
    const runs: string[] = [];
    const take = (indexes: readonly number[]): UsageEvent[] => indexes.map((index) => spans[index]!);
    const attribution = new Attribution(owner, null);
    for (const step of steps) {
      switch (step.kind) {
        case "deliver":
          await recorders[step.by]!.record(take(step.spans), PRODUCER);
          model.count(step.spans, null);
          break;
        case "backfill": {
          const backfillId = await openBackfill(owner, { name: "story", sha256: "00" });
          const run = { pool: owner, backfillId, producerId: "test", attribution };
          await recordChunk(run, take(step.spans), 1);
          await endBackfill(owner, backfillId, "finished");
          model.count(step.spans, runs.push(backfillId) - 1);
          break;
        }
        case "revert":
          if (runs[step.run] === undefined) break;
          await revert(owner, runs[step.run]!);
          model.revert(step.run);
          break;
        case "reattribute": {
          const where = step.claimed === null ? {} : { claimed_tenant: step.claimed };
          const filter = { fromMs: -Infinity, untilMs: Infinity, where };
          await reattribute(owner, { tenantId: step.to, filter, dryRun: false });
          model.reattribute(step.to, step.claimed);
          break;
        }
        case "register":
          await register("late");
          model.registered.add("late");
          break;
        case "fold":
          await foldRollups(writers[0]!);
          break;
        case "replay":
          await replay(
            {
              pool: owner,
              attribution,
              price: createPrice(),
              tenantAttributes: DEFAULT_TENANT_ATTRIBUTES,
              now: Date.now,
            },
            { quarantineId: null, reason: null },
          );
      }
    }
    await Promise.all(recorders.map((recorder) => recorder.close()));
    return model;
  }

  async function register(tenantId: string): Promise<void> {
    await owner.query("insert into quotel.tenants (tenant_id, plan_id) values ($1, 'trial') on conflict do nothing", [
      tenantId,
    ]);
  }

  async function clear(): Promise<void> {
    await owner.query(`truncate quotel.usage_events, quotel.unfolded_batches, quotel.folded_rollups, quotel.day_totals,
      quotel.reservations, quotel.quarantine, quotel.quarantine_days, quotel.backfills, quotel.backfill_batches,
      quotel.unknown_tenants, quotel.tenants`);
    await register("acme");
  }

  test("I1, I3, I6: however spans are delivered, backfilled, reverted, given to tenants and replayed, each counts once, for the right tenant", async () => {
    await clear();
    await fc.assert(
      fc
        .asyncProperty(story, async ({ spans, steps }) => {
          const model = await play(spans, steps);
          expect(await storedTotals(owner)).toEqual(expectedTotals(model.events()));
          expect(await driftFromLedger(owner)).toEqual([]);
          await foldRollups(owner);
          expect(await driftFromLedger(owner)).toEqual([]);
          expect(await bucketDrift(owner)).toEqual([]);
          expect(await driftFromHolds(owner)).toEqual([]);
        })
        .afterEach(clear),
      { numRuns: version === 18 ? 20 : 6 },
    );
  }, 60_000);
});
