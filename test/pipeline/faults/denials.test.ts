import type { ReservationDecision } from "@quotel/conventions";
import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import { DenialLog } from "../../../quota-service/decisions/denials/denial-log.ts";
import { Random } from "../../collector/fuzz/random.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { severDatabase } from "../processes/severed-database.ts";
import type { Cut } from "../processes/severed-database.ts";
import { ROUNDS, SEED } from "./rounds.ts";

const FLUSHES = 60 * ROUNDS;
/** Per piece of a conversation, of which a flush has about ten. */
const CUT_PROBABILITY = 0.05;
const CUTS: readonly Cut[] = ["before", "within", "after"];
const quiet = { error: () => {} };

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const direct = createPool({ connectionString: database.writerUrl, applicationName: "decisions" });
const severed = await severDatabase(database.writerUrl);
afterAll(() => severed[Symbol.asyncDispose]());
const pool = createPool({ connectionString: severed.url, applicationName: "denials" });
const engine = createDecisionEngine({ pool: direct, defaultPlan: "test", log: quiet });
afterAll(async () => {
  await engine.drain();
  await Promise.all([admin.end(), direct.end(), pool.end()]);
});
await admin.query("insert into quotel.plans (plan_id, version) values ('test', 1)");
await admin.query(
  "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('test', 1, 'tokens', 'day', 1)",
);

/** A denial as the engine makes it, of a tenant that the engine itself counts nothing for. */
async function denialOf(tenantId: string): Promise<ReservationDecision> {
  const items = [{ resource: "tokens", amount: 2 }];
  const request = { tenantId: "model", reservationId: randomUUIDv7(), items, ttlSeconds: 300, requestHash: "ab" };
  const outcome = await engine.reserve(request, { keyId: "service" });
  if (outcome.kind !== "denied") throw new Error(`expected a denial, got ${outcome.kind}`);
  return { ...outcome.decision, tenantId };
}

async function counted(tenantId: string): Promise<number> {
  const { rows } = await admin.query<{ n: number }>(
    "select coalesce(sum(denials), 0)::int as n from quota_denials where tenant_id = $1",
    [tenantId],
  );
  return rows[0]!.n;
}

async function keptIds(tenantId: string): Promise<string[]> {
  const { rows } = await admin.query<{ id: string }>(
    "select decision_id as id from quotel.denied_decisions where tenant_id = $1 order by minute, place",
    [tenantId],
  );
  return rows.map(({ id }) => id);
}

test.each([
  ["and was made", "after"],
  ["and was not made", "before"],
] as const)("I9: denials whose commit nobody heard of %s are counted and kept once", async (_, cut) => {
  const tenantId = `cut-${cut}`;
  const [first, second] = [await denialOf(tenantId), await denialOf(tenantId)];
  const log = new DenialLog(pool, quiet);
  const before = severed.cuts;
  for (let n = 0; n < 3; n++) log.note(first);
  severed.cutWhere((bytes) => (bytes.includes("commit\0") ? cut : "none"));
  await log.flush();
  severed.cutWhere(null);
  expect(severed.cuts - before).toBe(1);
  log.note(second);
  await log.flush();
  expect(await counted(tenantId)).toBe(4);
  expect(await keptIds(tenantId)).toEqual([first, first, first, second].map(({ decisionId }) => decisionId));
});

test(`I9: while connections are reset anywhere in the conversation, every denial is counted once (seed ${SEED})`, async () => {
  const random = new Random(SEED, 0);
  const denial = await denialOf("reset");
  const log = new DenialLog(pool, quiet);
  const before = severed.cuts;
  severed.cutWhere(() => (random.chance(CUT_PROBABILITY) ? random.pick(CUTS) : "none"));
  let noted = 0;
  for (let n = 0; n < FLUSHES; n++) {
    for (const end = noted + 1 + random.below(5); noted < end; noted++) log.note(denial);
    await log.flush();
  }
  severed.cutWhere(null);
  await log.flush();
  expect(severed.cuts - before).toBeGreaterThan(FLUSHES / 4);
  expect(await counted("reset")).toBe(noted);
  expect(log.dropped).toBe(0);
});
