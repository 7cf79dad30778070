import { randomUUIDv7 } from "node:crypto";
import { expect, test } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { driftFromHolds, driftFromLedger, expectedTotals, storedTotals } from "../database/record/usage-oracle.ts";
import { startSeveredCollector } from "./processes/collector-on-database.ts";
import { chatEvent, sendSpans } from "./traffic/telemetry.ts";

const { admin, severed, collector } = await startSeveredCollector();

/** Everything that has to be counted, once. */
const delivered: UsageEvent[] = [];

/** A batch for a tenant that the collector knows: it has had a span of the tenant's before. */
async function batchOf(tenant: string): Promise<UsageEvent[]> {
  const greeting = chatEvent(tenant, "greeting", 1);
  expect((await sendSpans(collector.url, [greeting])).status).toBe(200);
  const batch = [chatEvent(tenant, "one", 40), chatEvent(tenant, "two", 2, randomUUIDv7())];
  delivered.push(greeting, ...batch);
  return batch;
}

function expectAskedAgain(answer: Response): void {
  expect(answer.status).toBe(503);
  const retryAfterSeconds = Number(answer.headers.get("retry-after"));
  expect(retryAfterSeconds).toBeGreaterThanOrEqual(1);
  expect(retryAfterSeconds).toBeLessThanOrEqual(3);
}

async function expectEachCountedOnce(): Promise<void> {
  expect(await storedTotals(admin)).toEqual(expectedTotals(delivered));
  expect(await driftFromLedger(admin)).toEqual([]);
  expect(await driftFromHolds(admin)).toEqual([]);
}

test("I2: a batch whose commit went through, but whose connection broke before the database's answer, is asked for again and counts once", async () => {
  const batch = await batchOf("answer-lost");
  severed.cutAfter("commit\0", "insert-events");
  expectAskedAgain(await sendSpans(collector.url, batch));
  expect(severed.cuts).toBe(1);
  await expect.poll(() => storedTotals(admin)).toEqual(expectedTotals(delivered));
  expect((await sendSpans(collector.url, batch)).status).toBe(200);
  await expectEachCountedOnce();
});

test("I2: a batch whose backend is terminated in the middle of the record transaction leaves nothing behind, is asked for again and counts once", async () => {
  const batch = await batchOf("terminated");
  const before = await storedTotals(admin);
  const blocker = await admin.connect();
  let answer: Promise<Response>;
  try {
    // The record transaction gets as far as its last statement, which waits here.
    await blocker.query("begin");
    await blocker.query("select from quotel.day_totals where tenant_id = 'terminated' for update");
    answer = sendSpans(collector.url, batch);
    await expect
      .poll(async () => {
        const { rowCount } = await admin.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name = 'quotel-collector' and wait_event_type = 'Lock'`,
        );
        return rowCount;
      })
      .toBe(1);
  } finally {
    await blocker.query("rollback");
    blocker.release();
  }
  expectAskedAgain(await answer);
  expect(await storedTotals(admin)).toEqual(before);
  expect((await sendSpans(collector.url, batch)).status).toBe(200);
  await expectEachCountedOnce();
});
