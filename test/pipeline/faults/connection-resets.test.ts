import { expect, test } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { Random } from "../../collector/fuzz/random.ts";
import { expectedTotals, storedTotals } from "../../database/record/usage-oracle.ts";
import { startSeveredCollector } from "../processes/collector-on-database.ts";
import type { Cut } from "../processes/severed-database.ts";
import { batchOf, tenantsOfLane } from "../traffic/batches.ts";
import { inParallel } from "../traffic/in-parallel.ts";
import { expectAskedAgain, sendUntilTaken } from "../traffic/patient-sender.ts";
import { sendSpans } from "../traffic/telemetry.ts";
import { expectCountedOnce } from "./exact-totals.ts";
import { ROUNDS, SEED } from "./rounds.ts";

const SENDERS = 4;
const BATCHES = 30 * ROUNDS;
/** Per piece of a conversation: most record transactions get through, and every second batch meets a cut. */
const CUT_PROBABILITY = 0.015;
const CUTS: readonly Cut[] = ["before", "within", "after"];

const { admin, severed, collector } = await startSeveredCollector();

/** Everything that has to be counted, once. */
const delivered: UsageEvent[] = [];

test("I2: a batch that entered by COPY, but whose connection was reset between the commit and its answer, is asked for again and counts once", async () => {
  const tenants = tenantsOfLane(0, 3, "answer-lost");
  const greetings = batchOf("greetings", tenants);
  await sendUntilTaken(collector.url, greetings);
  const batch = batchOf("answer-lost", tenants);
  delivered.push(...greetings, ...batch);
  severed.cutAfter("commit\0", "copy quotel.usage_events_");
  expectAskedAgain(await sendSpans(collector.url, batch));
  expect(severed.cuts).toBe(1);
  await expect.poll(() => storedTotals(admin)).toEqual(expectedTotals(delivered));
  await sendUntilTaken(collector.url, batch);
  await expectCountedOnce(admin, delivered);
});

test(`I1, I2: while connections to the database are reset anywhere in their conversations under load, every span counts once (seed ${SEED})`, async () => {
  const random = new Random(SEED, 0);
  const before = severed.cuts;
  severed.cutWhere(() => (random.chance(CUT_PROBABILITY) ? random.pick(CUTS) : "none"));
  const batches = Array.from({ length: BATCHES }, (_, n) =>
    batchOf(`reset ${n}`, [`reset-${n % 5}`, `reset-${(n + 1) % 5}`, `reset-newcomer-${n}`]),
  );
  const refusals = await inParallel(SENDERS, batches, (batch) => sendUntilTaken(collector.url, batch));
  severed.cutWhere(null);
  expect(severed.cuts - before).toBeGreaterThan(BATCHES / 4);
  expect(refusals.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(BATCHES / 8);
  delivered.push(...batches.flat());
  await sendUntilTaken(collector.url, batches[0]!);
  await expectCountedOnce(admin, delivered);
});
