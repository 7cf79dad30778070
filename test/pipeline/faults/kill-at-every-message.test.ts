import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { takeStep } from "../processes/take-step.ts";
import type { KillPoint } from "../processes/take-step.ts";
import { batchOf, tenantsOfLane } from "../traffic/batches.ts";
import { chatEvent } from "../traffic/telemetry.ts";
import { countInLedger, expectCountedOnce, unfoldedBatches } from "./exact-totals.ts";
import { ROUNDS } from "./rounds.ts";

/** COPY takes groups from 20 events on. */
const BATCH_EVENTS = 24;
/** Every step has more messages than this, so an arming that fails cannot pass for "no kill needed". */
const MESSAGES_MIN = 8;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "survivor" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
await admin.query("insert into quotel.plans (plan_id, version) values ('trial', 1)");
/** The collector that senders turn to after the other one died. */
const survivor = createRecorder({ pool, defaultPlan: "trial", log: console });

/** Everything that has to be counted, once. */
const delivered: UsageEvent[] = [];

await admin.query("select quotel.ensure_event_partitions(current_date - 2, current_date + 2)");
// Only a process that ends by itself leaves its compiled modules to the next.
const first = [chatEvent("first", "first", 1)];
await takeStep(database.writerUrl, { kind: "record", events: first });
delivered.push(...first);

async function deliver(events: readonly UsageEvent[]): Promise<void> {
  expect(await survivor.record(events, { keyId: "test", tenants: null })).toEqual({ kind: "committed" });
}

/** Of known tenants in one lane, so that the messages come in the same order in every run. */
async function prepareBatch(name: string): Promise<UsageEvent[]> {
  const tenants = tenantsOfLane(0, 2, name);
  const greetings = tenants.map((tenant) => chatEvent(tenant, "greeting", 1, randomUUIDv7()));
  await deliver(greetings);
  const batch = batchOf(name, tenants, BATCH_EVENTS);
  delivered.push(...greetings, ...batch);
  return batch;
}

interface Chain {
  /** How many messages a process was killed at. */
  readonly kills: number;
  /** What a killed process had achieved: nothing or everything. */
  readonly outcomes: ReadonlySet<"nothing" | "everything">;
}

/** Kills process after process, each one message later, until one gets through. */
async function killAtEveryMessage(
  moment: KillPoint["moment"],
  attempt: (killAt: KillPoint) => Promise<"nothing" | "everything" | "done">,
): Promise<Chain> {
  const outcomes = new Set<"nothing" | "everything">();
  for (let at = 1; ; at += 1) {
    const outcome = await attempt({ moment, at });
    if (outcome === "done") return { kills: at - 1, outcomes };
    outcomes.add(outcome);
  }
}

/** Both sides of the commit were met by a kill. */
const THOROUGH = {
  kills: expect.toSatisfy((kills: number) => kills >= MESSAGES_MIN),
  outcomes: new Set(["nothing", "everything"]),
};

/** @param beforehand how many events of a batch another collector has recorded when the killed one meets it */
async function killRecording(moment: KillPoint["moment"], beforehand: number): Promise<Chain> {
  return killAtEveryMessage(moment, async (killAt) => {
    const batch = await prepareBatch(`${moment}-${killAt.at}-${beforehand}`);
    const [repeated, fresh] = [batch.slice(0, beforehand), batch.slice(beforehand)];
    if (repeated.length > 0) await deliver(repeated);
    const ending = await takeStep(database.writerUrl, { kind: "record", events: batch }, killAt);
    // What was acknowledged is there; of what was not, all or nothing (I2).
    const left = await countInLedger(admin, fresh);
    expect(ending === "done" ? [fresh.length] : [0, fresh.length]).toContain(left);
    await deliver([...batch].reverse());
    await deliver(batch);
    if (ending === "done") return "done";
    return left === 0 ? "nothing" : "everything";
  });
}

test("I1, I2: a collector killed right before or right after any message of a COPY into two partitions leaves all of it or nothing, and redelivery counts every span once", async () => {
  const chains = await Promise.all([killRecording("before", 0), killRecording("after", 0)]);
  expect(chains).toEqual([THOROUGH, THOROUGH]);
  await expectCountedOnce(admin, delivered);
}, 120_000);

test("I1, I2: a collector killed at any message while it looks at each span of a group, because its COPY met one that was there, leaves all of the others or nothing", async () => {
  // "before" differs from "after" in the answer to the message before, which collector-kill.test.ts has on this path.
  const moments: KillPoint["moment"][] = ROUNDS > 1 ? ["before", "after"] : ["after"];
  const chains = await Promise.all(moments.map((moment) => killRecording(moment, 3)));
  expect(chains).toEqual(moments.map(() => THOROUGH));
  await expectCountedOnce(admin, delivered);
}, 120_000);

test("I3: a collector killed right before or right after any message of a fold leaves rollups equal to the ledger, and the next fold goes on from there", async () => {
  const killFolding = async (moment: KillPoint["moment"]): Promise<Chain> =>
    killAtEveryMessage(moment, async (killAt) => {
      await deliver(await prepareBatch(`fold-${moment}-${killAt.at}`));
      const before = await unfoldedBatches(admin);
      const ending = await takeStep(database.writerUrl, { kind: "fold" }, killAt);
      const left = await unfoldedBatches(admin);
      expect(ending === "done" ? [0] : [0, before]).toContain(left);
      expect(await driftFromLedger(admin)).toEqual([]);
      if (ending === "done") return "done";
      return left === 0 ? "everything" : "nothing";
    });
  // One after the other: of two folds at once, one leaves.
  expect([await killFolding("before"), await killFolding("after")]).toEqual([THOROUGH, THOROUGH]);
  expect(await driftFromHolds(admin)).toEqual([]);
  await expectCountedOnce(admin, delivered);
}, 120_000);
