import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { startOwnPostgres } from "../processes/own-postgres.ts";
import { startCollector, stopRooms } from "../processes/rooms.ts";
import { batchOf } from "../traffic/batches.ts";
import { expectAskedAgain, sendUntilTaken } from "../traffic/patient-sender.ts";
import { sendSpans } from "../traffic/telemetry.ts";
import { expectCountedOnce } from "./exact-totals.ts";
import { ROUNDS } from "./rounds.ts";

const SENDERS = 4;
const KILLS = 2 * ROUNDS;
const TENANTS = Array.from({ length: 8 }, (_, n) => `tenant-${n}`);

const postgres = await startOwnPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const collector = await startCollector(postgres.writerUrl);
afterAll(() => stopRooms([collector]));

/** Sends batch after batch, each until it is taken, until `over`. */
async function keepSending(sender: number, over: () => boolean): Promise<{ sent: UsageEvent[]; refusals: number }> {
  const sent: UsageEvent[] = [];
  let refusals = 0;
  for (let n = 0; !over(); n += 1) {
    const batch = batchOf(`${sender}/${n}`, TENANTS);
    sent.push(...batch);
    refusals += await sendUntilTaken(collector.url, batch);
    await sleep(10);
  }
  return { sent, refusals };
}

test("I1, I2: while Postgres is killed and restarted under load a collector asks its senders to come back, recovers by itself, and every span counts once", async () => {
  let over = false;
  const load = Promise.all(Array.from({ length: SENDERS }, (_, sender) => keepSending(sender, () => over)));
  const meanwhile: UsageEvent[] = [];
  const kills = async (): Promise<void> => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      await sleep(500);
      await postgres.kill();
      const batch = batchOf(`while it is away ${kill}`, TENANTS);
      meanwhile.push(...batch);
      expectAskedAgain(await sendSpans(collector.url, batch));
      await postgres.restart();
      await sendUntilTaken(collector.url, batch);
    }
  };
  await kills().finally(() => (over = true));
  const senders = await load;

  expect(senders.reduce((sum, { refusals }) => sum + refusals, 0)).toBeGreaterThanOrEqual(KILLS);
  expect((await fetch(`${collector.url}/readyz`)).status).toBe(200);
  const admin = createPool({ connectionString: postgres.adminUrl, applicationName: "oracle" });
  try {
    await expectCountedOnce(admin, [...meanwhile, ...senders.flatMap(({ sent }) => sent)]);
  } finally {
    await admin.end();
  }
});
