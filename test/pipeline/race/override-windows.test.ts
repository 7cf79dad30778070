import { randomUUIDv7 } from "node:crypto";
import { expect, test } from "vitest";
import { ROUNDS } from "../faults/rounds.ts";
import { KEYS } from "../processes/rooms.ts";
import { awayFromMidnight } from "./away-from-midnight.ts";
import { ClientsLedger } from "./clients-ledger.ts";
import { expectLimitsOfTheInstant, makeOverrides } from "./passing-overrides.ts";
import { PersistentCaller, noCounts } from "./persistent-caller.ts";
import type { RaceCounts } from "./persistent-caller.ts";
import { startRace } from "./start-race.ts";

const SERVICES = 4;
const CLIENTS = 48;
const TENANTS = 6;
/** The plan's limits on one resource. Overrides replace the one for life: in some of their windows the month's binds. */
const PLAN = { forLife: 5, perMonth: 7 };
const OVERRIDDEN = [9, 3];
const TURNS = 8 * ROUNDS;
const BEFORE_FIRST_MS = 3_000 * ROUNDS;
const TIMEOUT_MS = 60_000 + 60_000 * ROUNDS;

const month = { resource: "tokens", period: "month", amount: PLAN.perMonth } as const;
const race = await startRace({
  services: SERVICES,
  planId: "passing",
  limits: [{ resource: "tokens", period: "lifetime", amount: PLAN.forLife }, month],
  watched: [month],
});
const { fleet } = race;

async function register(tenantId: string): Promise<void> {
  const response = await fetch(`${fleet.url(0)}/v1/admin/tenants/${tenantId}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${KEYS.admin}`, "content-type": "application/json" },
    body: JSON.stringify({ plan: "passing" }),
  });
  expect({ status: response.status, answer: await response.json() }).toMatchObject({ status: 200 });
}

/**
 * Clients of every service contend for tenants whose overrides come and go by themselves, and `meanwhile` happens until
 * they have ended. Every decision is right by its own figures (I8), these by what all clients know, and at the end exactly
 * what the plan leaves can be had.
 */
async function contend(
  name: string,
  turnMs: number,
  meanwhile: (over: () => boolean) => Promise<void>,
): Promise<RaceCounts> {
  await awayFromMidnight(60_000 + BEFORE_FIRST_MS + TURNS * turnMs);
  const tenants = Array.from({ length: TENANTS }, (_, n) => `${name}-${n}`);
  const turns = { firstMs: Date.now() + BEFORE_FIRST_MS, turnMs, count: TURNS, amounts: OVERRIDDEN };
  const overridesOf = new Map(
    await Promise.all(
      tenants.map(async (tenant) => {
        await register(tenant);
        return [tenant, await makeOverrides(fleet.url(0), tenant, turns)] as const;
      }),
    ),
  );
  const over = (): boolean => Date.now() >= turns.firstMs + TURNS * turnMs;
  const counts = noCounts();
  const caller = new PersistentCaller(fleet, counts);
  const ledger = new ClientsLedger();
  const decidedBy = new Map<number, { allowed: number; denied: number }>();

  const ask = async (n: number, tenantId: string, amount: number): Promise<string | null> => {
    const reservationId = randomUUIDv7();
    ledger.asking(tenantId, "tokens", amount);
    const expectTaken = ledger.watch(tenantId, "tokens", amount);
    const request = { tenantId, reservationId, items: [{ resource: "tokens", amount }] };
    const { admitted, decision } = await caller.reserve(n, request);
    expectLimitsOfTheInstant(overridesOf.get(tenantId)!, PLAN, decision, amount);
    const [forLife] = decision.items;
    expectTaken(forLife!.used + forLife!.reserved);
    ledger.answered(tenantId, "tokens", amount, admitted ? amount : 0, PLAN.perMonth);
    const seen = decidedBy.get(forLife!.limit!) ?? { allowed: 0, denied: 0 };
    seen[admitted ? "allowed" : "denied"] += 1;
    decidedBy.set(forLife!.limit!, seen);
    return admitted ? reservationId : null;
  };
  const work = async (client: number): Promise<void> => {
    for (let n = client; !over(); n += 1) {
      const tenant = tenants[n % TENANTS]!;
      const amount = 1 + (n % 3);
      const reservationId = await ask(n, tenant, amount);
      if (reservationId === null) continue;
      ledger.givingBack(tenant, "tokens", amount);
      await caller.release(n + 1, tenant, reservationId);
      ledger.free(tenant, "tokens", amount);
    }
  };
  await Promise.all([meanwhile(over), ...Array.from({ length: CLIENTS }, (_, client) => work(client))]);

  // The race was one: under each of the limits some were admitted and some were not.
  for (const limit of [PLAN.forLife, ...OVERRIDDEN]) {
    expect(decidedBy.get(limit)?.allowed).toBeGreaterThan(0);
    expect(decidedBy.get(limit)?.denied).toBeGreaterThan(0);
  }
  for (const [n, tenant] of tenants.entries()) {
    expect(ledger.settled(tenant, "tokens")).toBe(0);
    expect(await ask(n, tenant, PLAN.forLife + 1)).toBeNull();
    expect(await ask(n, tenant, PLAN.forLife)).not.toBeNull();
  }
  await race.expectSoundTotals();
  return counts;
}

test(
  "I8: overrides begin and expire by themselves in the middle of a race over four services, and every decision is right by the limits of its own instant",
  async () => {
    const counts = await contend("overridden", 500, async () => {});
    expect(counts.lost + counts.withoutDatabase).toBe(0);
  },
  TIMEOUT_MS,
);

test(
  "I8: overrides begin and expire by themselves while one service after the other is killed, and every decision is right by the limits of its own instant",
  async () => {
    let kills = 0;
    const counts = await contend("killed", 1_000, async (over) => {
      for (; kills === 0 || !over(); kills += 1) await fleet.replace(kills);
    });
    expect(counts.lost).toBeGreaterThan(0);
    console.log(`overrides in a race: ${JSON.stringify({ ...counts, kills })}`);
  },
  TIMEOUT_MS,
);
