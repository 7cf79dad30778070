import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { UsageEvent } from "#database/record/usage-event";
import { driftFromLedger, expectedTotals, storedTotals } from "../database/record/usage-oracle.ts";
import { startCollectorOnDatabase } from "./processes/collector-on-database.ts";
import { KEYS } from "./processes/rooms.ts";
import { chatEvent, sendSpans, tracesRequest } from "./traffic/telemetry.ts";

const MIB = 1024 * 1024;
const IN_FLIGHT_MIB = 4;
const BATCHES = 20;
/** 0.6 MB of JSON; bodies beyond 1 MiB are refused here. */
const SPANS_PER_BATCH = 1_000;
/** At once: 230 MB in 400 requests, fifty times of what may be in flight. */
const SENDERS_PER_BATCH = 20;
const TENANTS = 100;
/** What is in flight, decoded, and what the garbage collector leaves lying; keeping it all would take more than 1 GB. */
const GROWTH_MAX = 384 * MIB;

const { admin, collector } = await startCollectorOnDatabase({
  env: { QUOTEL_COLLECTOR_BODY_MIB: "1", QUOTEL_COLLECTOR_IN_FLIGHT_MIB: String(IN_FLIGHT_MIB) },
  preload: [new URL("./processes/report-memory.ts", import.meta.url).href],
});

interface Batch {
  readonly events: readonly UsageEvent[];
  readonly body: Buffer;
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly memoryBytes: number;
}

// All of one day, so that one partition takes them.
const endedAtMicros = (Date.now() - 60_000) * 1_000;

function batchOf(index: number): Batch {
  const events = Array.from({ length: SPANS_PER_BATCH }, (_, span) =>
    chatEvent(`tenant-${(index + span) % TENANTS}`, `${index}/${span}`, 1 + span, null, endedAtMicros),
  );
  return { events, body: Buffer.from(tracesRequest(events)) };
}

async function send(body: Buffer): Promise<Answer> {
  const response = await fetch(`${collector.url}/v1/traces`, {
    method: "POST",
    // A connection of its own: the collector may close one that was kept just as it is used again.
    headers: { authorization: `Bearer ${KEYS.ingest}`, "content-type": "application/json", connection: "close" },
    body: new Uint8Array(body.buffer, body.byteOffset, body.length),
  });
  await response.arrayBuffer();
  const { status, headers } = response;
  return { status, retryAfter: headers.get("retry-after"), memoryBytes: Number(headers.get("x-memory-bytes")) };
}

/** Lets the ledger be written for a moment at a time only, as a database does that cannot keep up, until `over`. */
async function slowDown(partition: string, over: () => boolean): Promise<void> {
  const client = await admin.connect();
  try {
    while (!over()) {
      await client.query("begin");
      await client.query(`lock table only ${partition} in share mode`);
      await sleep(300);
      await client.query("commit");
      await sleep(30);
    }
  } finally {
    client.release();
  }
}

/** All senders at once, each sends its batch once, while the database is slow. */
async function burst(batches: readonly Batch[]): Promise<Answer[]> {
  const { rows } = await admin.query<{ partition: string }>(
    "select tableoid::regclass::text as partition from quotel.usage_events limit 1",
  );
  let over = false;
  const slow = slowDown(rows[0]!.partition, () => over);
  const senders = Array.from({ length: SENDERS_PER_BATCH }, () => batches.map(({ body }) => send(body))).flat();
  const answers = await Promise.all(senders).finally(() => (over = true));
  await slow;
  return answers;
}

async function sendUntilTaken({ body }: Batch): Promise<Answer[]> {
  const answers: Answer[] = [];
  do {
    // More impatient than it is asked to be.
    if (answers.length > 0) await sleep(100);
    answers.push(await send(body));
  } while (answers.at(-1)!.status === 503);
  return answers;
}

test("under fifty times the load that it may hold and with a slow database a collector keeps its memory, answers every request with 200 or 503 and a Retry-After of 1 to 3, counts every span once, and recovers by itself", async () => {
  const [warmUp, ...batches] = Array.from({ length: BATCHES + 1 }, (_, index) => batchOf(index));
  for (let times = 0; times < 5; times += 1) expect((await send(warmUp!.body)).status).toBe(200);
  const before = (await send(warmUp!.body)).memoryBytes;
  expect(before).toBeGreaterThan(MIB);

  const atOnce = await burst(batches);
  const afterwards = (await Promise.all(batches.map(sendUntilTaken))).flat();
  const answers = [...atOnce, ...afterwards];

  const refused = answers.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
  for (const { retryAfter } of refused) expect(retryAfter).toMatch(/^[1-3]$/);
  // It was an overload: hardly anything of what was sent at once could be taken.
  expect(atOnce.filter(({ status }) => status === 503).length).toBeGreaterThan(atOnce.length / 2);
  expect(Math.min(...answers.map(({ memoryBytes }) => memoryBytes))).toBeGreaterThan(MIB);
  expect(Math.max(...answers.map(({ memoryBytes }) => memoryBytes)) - before).toBeLessThan(GROWTH_MAX);

  const last = chatEvent("tenant-0", "after the overload", 5, null, endedAtMicros);
  expect((await sendSpans(collector.url, [last])).status).toBe(200);
  await expect.poll(async () => (await fetch(`${collector.url}/readyz`)).status).toBe(200);
  const counted = [warmUp!, ...batches].flatMap(({ events }) => events);
  expect(await storedTotals(admin)).toEqual(expectedTotals([...counted, last]));
  expect(await driftFromLedger(admin)).toEqual([]);
}, 240_000);
