import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { PriceOverrides } from "../../../collector/price/overrides/price-overrides.ts";
import { createPrice } from "../../../collector/price/price.ts";
import type { Price } from "../../../collector/price/price.ts";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { reprice } from "../../../collector/commands/reprice/reprice.ts";
import type { RepriceOutcome } from "../../../collector/commands/reprice/reprice.ts";
import { createPool } from "#database/pool";
import type { PriceOverride } from "#database/prices/price-override";
import type { UsageEvent } from "#database/record/usage-event";
import { foldRollups } from "#database/rollups/fold";
import { arbitraryEvent } from "../../database/record/arbitrary-event.ts";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { contentsOf } from "../../database/repair/database-contents.ts";
import { createTestDatabase } from "../../database/test-database.ts";

const DAY_MS = 86_400_000;
const PRODUCER = { keyId: "test", tenants: null };
const quiet = { warn: () => {}, error: () => {} };
const NOW_MS = Date.now();
const RANGE = { fromMs: NOW_MS - 5 * DAY_MS, toMs: NOW_MS + DAY_MS, tenantId: null, dryRun: false };

async function openSystem(version: 18 | 15) {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const owner = createPool({ connectionString: database.ownerUrl, applicationName: "repair" });
  const pools = [1, 2].map((n) =>
    createPool({ connectionString: database.writerUrl, applicationName: `collector-${n}`, max: 4 }),
  );
  afterAll(() => Promise.all([owner, ...pools].map((pool) => pool.end())));
  const recorders = pools.map((pool) => createRecorder({ pool, defaultPlan: "trial", log: quiet }));
  afterAll(() => Promise.all(recorders.map((recorder) => recorder.close())));
  await owner.query(
    "insert into quotel.tenant_calendars values ('globex', '2020-01-01', 'Asia/Kolkata', 15) on conflict do nothing",
  );
  return {
    owner,
    fold: () => foldRollups(pools[0]!),
    /** Delivers the events in small batches to either collector, all at the same time, priced as given. */
    async deliver(events: readonly UsageEvent[], price: Price): Promise<void> {
      const priced = events.map((event) => ({ ...event, costNanoUsd: price(event) }));
      const batches = Array.from({ length: Math.ceil(priced.length / 7) }, (_, i) => priced.slice(i * 7, i * 7 + 7));
      const outcomes = await Promise.all(batches.map((batch, i) => recorders[i % 2]!.record(batch, PRODUCER)));
      expect(outcomes.every(({ kind }) => kind === "committed")).toBe(true);
    },
    /** Deletes, because truncating a month of partitions takes a second. */
    async empty(): Promise<void> {
      const tables = [
        "usage_events",
        "unfolded_batches",
        "folded_rollups",
        "day_totals",
        "reservations",
        "accounted_days",
      ];
      await owner.query(tables.map((table) => `delete from quotel.${table}`).join("; "));
    },
  };
}

const anyOverride: fc.Arbitrary<PriceOverride> = fc.record({
  provider: fc.constantFrom("openai", "openai", "anthropic"),
  model: fc.constantFrom("gpt-4o", "claude-sonnet-4", "*"),
  serviceTier: fc.constantFrom(null, null, "priority"),
  validFromMs: fc.integer({ min: NOW_MS - 4 * DAY_MS, max: NOW_MS - DAY_MS }),
  prices: fc.option(
    fc.record({
      input: fc.option(fc.integer({ min: 0, max: 20 }), { nil: null, freq: 8 }),
      output: fc.integer({ min: 0, max: 80 }),
      cacheRead: fc.constantFrom(null, 0.125),
      cacheWrite: fc.constantFrom(null, 2.5),
      reasoning: fc.constant(null),
      perRequest: fc.constantFrom(null, 0.000_001),
    }),
    { nil: null, freq: 8 },
  ),
});
/** Most of them could have a price. */
const anyEvent: fc.Arbitrary<UsageEvent> = fc
  .tuple(arbitraryEvent(NOW_MS * 1000), fc.nat(3))
  .map(([event, dice]) =>
    dice === 0 ? event : { ...event, provider: "openai", model: "gpt-4o", inputTokens: 100 * dice, outputTokens: 10 },
  );
const priceOf = (overrides: PriceOverride[]): Price =>
  createPrice(new PriceOverrides(overrides.sort((a, b) => a.validFromMs - b.validFromMs)));
const events = fc.uniqueArray(anyEvent, {
  minLength: 1,
  maxLength: 40,
  selector: (it) => it.traceId,
});

const quietProgress = (): void => {};
const summaryOf = (outcome: RepriceOutcome): { changed: number } => {
  expect(outcome.kind).toBe("repriced");
  return outcome.kind === "repriced" ? outcome.summary : { changed: -1 };
};

describe.each([18, 15] as const)("on Postgres %i", async (version) => {
  const late = await openSystem(version);
  const knowing = await openSystem(version);

  test("I6: prices known late and a reprice under traffic leave what a run leaves that knew them from the start", async () => {
    await fc.assert(
      fc
        .asyncProperty(
          fc.record({
            before: fc.array(anyOverride, { maxLength: 3 }),
            after: fc.array(anyOverride, { minLength: 1, maxLength: 4 }),
            events,
            recorded: fc.float({ min: 0, max: 1, noNaN: true }),
            folded: fc.boolean(),
          }),
          async ({ before, after, events, recorded, folded }) => {
            const [then, now] = [priceOf(before), priceOf(after)];
            const first = events.slice(0, Math.ceil(events.length * recorded));
            await late.deliver(first, then);
            if (folded) await late.fold();
            // Meanwhile collectors that know the new prices record the rest, and some of the first again.
            await Promise.all([
              reprice(late.owner, now, RANGE, quietProgress),
              late.deliver(events, now),
              late.fold(),
              late.fold(),
            ]);
            await knowing.deliver(events, now);
            expect(await contentsOf(late.owner)).toEqual(await contentsOf(knowing.owner));
            expect(await driftFromHolds(late.owner)).toEqual([]);
            expect(summaryOf(await reprice(late.owner, now, RANGE, quietProgress)).changed).toBe(0);
          },
        )
        .afterEach(async () => {
          await Promise.all([late.empty(), knowing.empty()]);
        }),
      { numRuns: version === 18 ? 12 : 4 },
    );
  });

  test("reprice says what it changes, a dry run says the same and changes nothing, and a tenant's stays its own", async () => {
    const unpriced = fc.sample(arbitraryEvent(NOW_MS * 1000), 200).map((event, i) => ({
      ...event,
      traceId: (i + 1).toString(16).padStart(32, "0"),
      tenantId: i % 2 === 0 ? "acme" : "initech",
      provider: "own-cluster",
      model: "llama",
      inputTokens: 1_000,
      outputTokens: 0,
    }));
    await late.deliver(unpriced, createPrice());
    await late.fold();
    const before = await contentsOf(late.owner);
    const free = { input: 1, output: 0, cacheRead: null, cacheWrite: null, reasoning: null, perRequest: null };
    const known = priceOf([
      {
        provider: "own-cluster",
        model: "lla*",
        serviceTier: null,
        validFromMs: 0,
        prices: { ...free, cacheRead: 1, cacheWrite: 1 },
      },
    ]);
    const cost = unpriced.filter(({ tenantId }) => tenantId === "acme").reduce((sum, event) => sum + known(event)!, 0);
    const expected = {
      seen: 100,
      changed: 100,
      costBefore: 0n,
      costAfter: BigInt(cost),
      unpricedBefore: 100,
      unpricedAfter: 0,
    };
    const progress: string[] = [];
    const dry = await reprice(late.owner, known, { ...RANGE, tenantId: "acme", dryRun: true }, quietProgress);
    expect(dry).toEqual({ kind: "repriced", summary: expected });
    expect(await contentsOf(late.owner)).toEqual(before);
    const wet = await reprice(late.owner, known, { ...RANGE, tenantId: "acme" }, (seen, total) =>
      progress.push(`${seen}/${total}`),
    );
    expect(wet).toEqual({ kind: "repriced", summary: expected });
    expect(progress.at(-1)).toBe("100/100");
    const { rows } = await late.owner.query(
      `select tenant_id, sum(cost_nano_usd)::bigint as cost, sum(unpriced_events)::bigint as unpriced
       from quotel.usage_rollups where granularity = 'day' group by 1 order by 1`,
    );
    expect(rows).toEqual([
      { tenant_id: "acme", cost, unpriced: 0 },
      { tenant_id: "initech", cost: 0, unpriced: 100 },
    ]);
    expect(await driftFromLedger(late.owner)).toEqual([]);
    await late.empty();
  });

  test("a range of which the ledger has lost days is not repriced", async () => {
    const sealedBefore = new Date(NOW_MS - 2 * DAY_MS).toISOString().slice(0, 10);
    await late.owner.query("update quotel.ledger_seal set sealed_before = $1", [sealedBefore]);
    expect(await reprice(late.owner, createPrice(), RANGE, quietProgress)).toEqual({ kind: "sealed", sealedBefore });
    const later = { ...RANGE, fromMs: Date.parse(sealedBefore) };
    expect(summaryOf(await reprice(late.owner, createPrice(), later, quietProgress)).changed).toBe(0);
    await late.owner.query("update quotel.ledger_seal set sealed_before = '-infinity'");
  });
});
