import { afterAll, describe, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { Random } from "../../collector/fuzz/random.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { startCollector, stopRooms } from "../processes/rooms.ts";
import { batchOf } from "../traffic/batches.ts";
import { inParallel } from "../traffic/in-parallel.ts";
import { sendUntilTaken } from "../traffic/patient-sender.ts";
import { expectCountedOnce } from "./exact-totals.ts";
import { ROUNDS, SEED } from "./rounds.ts";

const BATCHES = 30 * ROUNDS;
const BATCH_EVENTS = 100;
/** At the same time; each goes to both collectors at once. */
const DELIVERIES = 3;
const TENANTS = Array.from({ length: 6 }, (_, n) => `tenant-${n}`);

/** What careless senders make of batches: some repeated, split or merged with the next, spans and all in any order. */
function carelessly(batches: readonly UsageEvent[][], random: Random): UsageEvent[][] {
  const deliveries: UsageEvent[][] = [];
  for (const [n, batch] of batches.entries()) {
    const spans = shuffled(batch, random);
    const middle = random.below(spans.length);
    deliveries.push(
      ...random.pick<UsageEvent[][]>([
        [spans],
        [spans, spans],
        [spans.slice(0, middle), spans.slice(middle)],
        [spans.slice(0, middle), spans],
        [[...spans, ...(batches[n + 1] ?? [])]],
        [[...spans, ...spans.slice(middle)]],
      ]),
    );
  }
  // Late repetitions come from anywhere in the past; what matters here is what meets at the same time.
  return deliveries.flatMap((delivery, n) =>
    random.chance(0.2) ? [delivery, deliveries[random.below(n + 1)]!] : [delivery],
  );
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, place: random.fraction() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
}

describe.each([18, 15] as const)("two collectors on Postgres %i", async (version) => {
  const database = await createTestDatabase({ version });
  afterAll(database.drop);
  const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
  afterAll(() => admin.end());
  const collectors = await Promise.all([1, 2].map(() => startCollector(database.writerUrl)));
  afterAll(() => stopRooms(collectors));

  test(`I1: batches that senders repeat, reorder, split and merge, each delivered to both at the same time, count every span once (seed ${SEED})`, async () => {
    const random = new Random(SEED, 1);
    const batches = Array.from({ length: BATCHES }, (_, n) => batchOf(`batch ${n}`, TENANTS, BATCH_EVENTS));
    await inParallel(DELIVERIES, carelessly(batches, random), (delivery) =>
      Promise.all(collectors.map(({ url }) => sendUntilTaken(url, delivery))),
    );
    await expectCountedOnce(admin, batches.flat());
    // They did meet: some of their COPYs lost a race. A backend reports what it has done when it ends, at the latest.
    await stopRooms(collectors);
    await expect.poll(transactionsLost).toBeGreaterThan(BATCHES / 4);
  });

  async function transactionsLost(): Promise<number> {
    const { rows } = await admin.query<{ lost: number }>(
      "select xact_rollback as lost from pg_stat_database where datname = current_database()",
    );
    return rows[0]!.lost;
  }
});
