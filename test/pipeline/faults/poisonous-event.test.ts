import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import type { UsageEvent } from "#database/record/usage-event";
import { createRecorder } from "../../../collector/record/recorder.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { startCollector, stopRooms } from "../processes/rooms.ts";
import { batchOf, tenantsOfLane } from "../traffic/batches.ts";
import { sendUntilTaken } from "../traffic/patient-sender.ts";
import { chatEvent, sendSpans } from "../traffic/telemetry.ts";
import { expectCountedOnce } from "./exact-totals.ts";

const GROUP_EVENTS = 2_000;
/** Of one lane, so that the culprit and its neighbours share a transaction. */
const TENANTS = tenantsOfLane(0, 4, "tenant");

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "recorder" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
// What a ledger may refuse that a collector lets through, today or after some later change on either side.
await admin.query(`
  alter table quotel.usage_events
    add constraint no_such_model check (model <> 'refused-by-a-constraint'),
    add constraint no_such_sum check (model <> 'fails-in-an-expression' or 1 / (length(model) - length(model)) > 0)`);
const collector = await startCollector(database.writerUrl);
afterAll(() => stopRooms([collector]));

/** Everything that has to be counted, once. */
const delivered: UsageEvent[] = [];

/** The events of a group with the culprit in the midst of its neighbours. */
function around(culprit: UsageEvent, neighbours: readonly UsageEvent[]): UsageEvent[] {
  return neighbours.toSpliced(Math.floor(neighbours.length / 3), 0, culprit);
}

/** Why and how often the culprit was set aside. */
async function setAside({ traceId }: UsageEvent): Promise<unknown[]> {
  const { rows } = await admin.query(
    "select reason, count(*)::bigint as times from quotel.quarantine where trace_id = $1::uuid group by 1",
    [traceId],
  );
  return rows;
}

test.each(["refused-by-a-constraint", "fails-in-an-expression"])(
  "I4: one span that the database refuses (%s) in a group of thousands is set aside once, also when redelivered, and its neighbours count",
  async (model) => {
    const culprit = { ...chatEvent(TENANTS[0]!, `culprit ${model}`, 7), model, costNanoUsd: null };
    const neighbours = batchOf(model, TENANTS, GROUP_EVENTS);
    delivered.push(...neighbours);
    await sendUntilTaken(collector.url, around(culprit, neighbours));
    await sendUntilTaken(collector.url, [culprit]);
    await sendUntilTaken(collector.url, around(culprit, neighbours.toReversed()));
    expect(await setAside(culprit)).toEqual([{ reason: "unstorable", times: 1 }]);
    await expectCountedOnce(admin, delivered);
  },
);

test("labels that Postgres cannot hold are stored as near as can be and count, once, in a group of thousands", async () => {
  const hostile = [
    "with\0zero",
    "lone \ud800 surrogate",
    "\0",
    "x".repeat(10_000),
    "'; drop table quotel.quarantine; --",
  ];
  const culprits = hostile.map((userId, n) => ({ ...chatEvent(TENANTS[1]!, `hostile label ${n}`, 3), userId }));
  const group = [...culprits, ...batchOf("hostile", TENANTS, GROUP_EVENTS)];
  delivered.push(...group);
  await sendUntilTaken(collector.url, group);
  await sendUntilTaken(collector.url, group.toReversed());
  const { rows } = await admin.query<{ users: string[] }>(
    "select array_agg(user_id order by length(user_id)) as users from quotel.usage_events where user_id is not null",
  );
  expect(rows[0]!.users).toEqual([
    "\ufffd",
    "with\ufffdzero",
    "lone \ufffd surrogate",
    "'; drop table quotel.quarantine; --",
    "x".repeat(256),
  ]);
  await expectCountedOnce(admin, delivered);
});

test("I5: a span whose numbers are out of range is refused alone and by name, and its neighbours in a group of thousands count", async () => {
  const culprits = [
    { ...chatEvent(TENANTS[2]!, "too many tokens", 0), inputTokens: 1e12 },
    { ...chatEvent(TENANTS[2]!, "less than none", 0), inputTokens: -1 },
    { ...chatEvent(TENANTS[2]!, "no integer", 0), inputTokens: 2 ** 60 },
  ];
  const neighbours = batchOf("numbers", TENANTS, GROUP_EVENTS);
  delivered.push(...neighbours);
  for (const group of [[...culprits, ...neighbours], neighbours.toReversed().concat(culprits)]) {
    const answer = await sendSpans(collector.url, group);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ partialSuccess: { rejectedSpans: String(culprits.length) } });
  }
  await expectCountedOnce(admin, delivered);
});

/** What the stages before it would never let through; the record stage does not rely on that. */
const UNSTORABLE: readonly Partial<UsageEvent>[] = [
  { inputTokens: 1.5 },
  { amount: 2 ** 60 },
  { amount: Number.NaN },
  { status: "exploded" as UsageEvent["status"] },
  { reservationId: "no-uuid" },
];

test("I4: events that no column can hold and that reach the record stage all the same are set aside once each, also when redelivered, and their neighbours count", async () => {
  const recorder = createRecorder({ pool, defaultPlan: "trial", log: { warn: () => {}, error: console.error } });
  const culprits = UNSTORABLE.map((fault, n) => ({ ...chatEvent(TENANTS[3]!, `unstorable ${n}`, 5), ...fault }));
  const neighbours = batchOf("neighbours", TENANTS, GROUP_EVENTS);
  delivered.push(...neighbours);
  const group = culprits.reduce((events, culprit) => around(culprit, events), neighbours);
  for (const events of [group, ...culprits.map((culprit) => [culprit]), group.toReversed()]) {
    expect(await recorder.record(events, { keyId: "test", tenants: null })).toEqual({ kind: "committed" });
  }
  const aside = await Promise.all(culprits.map(setAside));
  expect(aside).toEqual(culprits.map(() => [{ reason: "unstorable", times: 1 }]));
  await expectCountedOnce(admin, delivered);
});

test("I3, I5: spans that claim to have lasted since 1970, by the thousand, leave rollups that can be read and folded", async () => {
  // Their start in milliseconds, in a field of nanoseconds. Together longer than a bigint of microseconds can say.
  const spans = batchOf("endless", TENANTS.slice(0, 1), 8_000).map((event) => ({
    ...event,
    durationMicros: event.endedAtMicros - Math.floor(event.endedAtMicros / 1_000_000),
  }));
  delivered.push(...spans);
  for (let from = 0; from < spans.length; from += 2_000) {
    expect((await sendSpans(collector.url, spans.slice(from, from + 2_000))).status).toBe(200);
  }
  await expectCountedOnce(admin, delivered);
});
