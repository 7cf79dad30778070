import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { driftFromHolds, driftFromLedger } from "../../database/record/usage-oracle.ts";
import { Random } from "../../collector/fuzz/random.ts";
import { ROUNDS, SEED } from "../faults/rounds.ts";
import { startOwnPostgres } from "../processes/own-postgres.ts";
import { planFile } from "../processes/rooms.ts";
import { awayFromMidnight } from "./away-from-midnight.ts";
import { ClientsLedger } from "./clients-ledger.ts";
import { ABANDONED_TTL_SECONDS, contend } from "./contender.ts";
import type { Arena } from "./contender.ts";
import { startFleet } from "./fleet.ts";
import { passedLimits, watchTotals } from "./observed-totals.ts";
import { PersistentCaller, noCounts } from "./persistent-caller.ts";

const SERVICES = 4;
const CONNECTIONS_PER_SERVICE = 64;
const CALM_MS = 3_000 * ROUNDS;
/** Each kills two services and then Postgres. */
const KILL_ROUNDS = 2 * ROUNDS;
const BETWEEN_KILLS_MS = 500;
const TIMEOUT_MS = 60_000 + 60_000 * ROUNDS;

/** Two limits on each resource; the day's binds the tokens, the month's the searches. */
const LIMITS = [
  { resource: "tokens", period: "day", amount: 16 },
  { resource: "tokens", period: "month", amount: 20 },
  { resource: "searches", period: "day", amount: 6 },
  { resource: "searches", period: "month", amount: 4 },
] as const;
const limitOf = (resource: string): number =>
  Math.min(...LIMITS.filter((limit) => limit.resource === resource).map(({ amount }) => amount));

const postgres = await startOwnPostgres();
afterAll(() => postgres[Symbol.asyncDispose]());
const plan = await planFile("race", LIMITS);
afterAll(plan.remove);
const fleet = await startFleet(SERVICES, postgres.writerUrl, () => plan);
afterAll(fleet.stop);

const counts = noCounts();
const kills = { services: 0, postgres: 0 };
const arena: Arena = {
  caller: new PersistentCaller(fleet, counts),
  ledger: new ClientsLedger(),
  tenants: Array.from({ length: 12 }, (_, n) => `contended-${n}`),
  limitOf,
  random: new Random(SEED, 0),
  heard: [],
  expiries: [],
};

/** A question to the database, on a connection of its own: Postgres may have been killed since the last. */
async function asAdmin<T>(work: (admin: ReturnType<typeof createPool>) => Promise<T>): Promise<T> {
  const admin = createPool({ connectionString: postgres.adminUrl, applicationName: "oracle" });
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

/** All connections contend until `meanwhile` has ended. */
async function race(meanwhile: () => Promise<void>): Promise<void> {
  let over = false;
  const contenders = Array.from({ length: SERVICES * CONNECTIONS_PER_SERVICE }, (_, n) =>
    contend(arena, n % SERVICES, () => over),
  );
  // What goes wrong ends the race at once.
  await Promise.race([meanwhile(), Promise.all(contenders)]).finally(() => (over = true));
  await Promise.all(contenders);
}

async function expectSoundBooks(): Promise<void> {
  await Promise.all(arena.expiries);
  const heard = arena.heard.filter(({ admitted }) => admitted);
  await asAdmin(async (admin) => {
    expect(await passedLimits(admin)).toEqual([]);
    expect(await driftFromHolds(admin)).toEqual([]);
    expect(await driftFromLedger(admin)).toEqual([]);
    // One decision per id: the one that is stored is the one that was heard, and no other was made.
    const { rows } = await admin.query<{ id: string; decision: string }>(
      "select reservation_id::text as id, decision ->> 'decisionId' as decision from quotel.reservations",
    );
    expect(new Map(rows.map(({ id, decision }) => [id, decision]))).toEqual(
      new Map(heard.map(({ reservationId, decisionId }) => [reservationId, decisionId])),
    );
  });
  expect(await postgres.deadlocks()).toBe(0);
}

beforeAll(async () => {
  await awayFromMidnight(TIMEOUT_MS);
  await asAdmin((admin) => watchTotals(admin, LIMITS));
}, 2 * TIMEOUT_MS);
afterAll(() => console.log(`race with seed ${SEED}: ${JSON.stringify({ ...counts, ...kills })}`));

test(
  "I8: under 256 connections to four services every answer is right by figures that were true while it was on its way, and no state of a total is over a limit",
  async () => {
    await race(() => sleep(CALM_MS));
    expect(counts.lost + counts.withoutDatabase).toBe(0);
    expect(Math.min(counts.admitted, counts.denied)).toBeGreaterThan(0);
    await expectSoundBooks();
  },
  TIMEOUT_MS,
);

test(
  "I8, I10: while services and Postgres are killed under load every reservation id gets one decision, nothing passes a limit and nothing deadlocks",
  async () => {
    const before = { ...counts };
    await race(async () => {
      for (let round = 0; round < KILL_ROUNDS; round += 1) {
        await sleep(BETWEEN_KILLS_MS);
        // Both at once, and the load goes on with the other two.
        await Promise.all([fleet.replace(2 * round), fleet.replace(2 * round + 1)]);
        kills.services += 2;
        await sleep(BETWEEN_KILLS_MS);
        await postgres.kill();
        kills.postgres += 1;
        await sleep(BETWEEN_KILLS_MS);
        // Whoever starts a server has two seconds to log in, which this process cannot do beside all its clients.
        await arena.caller.silentDuring(() => postgres.restart());
      }
      await sleep(BETWEEN_KILLS_MS);
    });
    expect(counts.lost).toBeGreaterThan(0);
    expect(counts.withoutDatabase).toBeGreaterThan(0);
    expect(counts.admitted).toBeGreaterThan(before.admitted);
    await expectSoundBooks();
  },
  TIMEOUT_MS,
);

test(
  "I8, I10: when all is given back or has expired no hold is left, and exactly what is left can be had",
  async () => {
    // Upkeep may be a second late.
    await expect
      .poll(
        () =>
          asAdmin(async (admin) => {
            const { rows } = await admin.query("select from quotel.quota_totals where reserved <> 0");
            return rows.length;
          }),
        { timeout: ABANDONED_TTL_SECONDS * 1_000 + 5_000 },
      )
      .toBe(0);
    for (const [n, tenantId] of arena.tenants.entries()) {
      const items = ["tokens", "searches"].map((resource) => ({
        resource,
        amount: limitOf(resource) - arena.ledger.settled(tenantId, resource),
      }));
      const reserve = async (amounts: typeof items): Promise<boolean> =>
        (await arena.caller.reserve(n, { tenantId, reservationId: randomUUIDv7(), items: amounts })).admitted;
      expect(await reserve(items.map((it) => ({ ...it, amount: it.amount + 1 })))).toBe(false);
      expect(await reserve(items)).toBe(true);
      for (const { resource } of items) expect(await reserve([{ resource, amount: 1 }])).toBe(false);
    }
    await asAdmin(async (admin) => expect(await passedLimits(admin)).toEqual([]));
  },
  TIMEOUT_MS,
);
