import { randomUUIDv7 } from "node:crypto";
import type { ReservationDecision } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { driftFromHolds } from "../../database/record/usage-oracle.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { ROUNDS } from "../faults/rounds.ts";
import { KEYS, planFile } from "../processes/rooms.ts";
import { release, reserve } from "../traffic/quota-client.ts";
import { awayFromMidnight } from "./away-from-midnight.ts";
import { ClientsLedger } from "./clients-ledger.ts";
import { startFleet } from "./fleet.ts";
import { passedLimits, watchTotals } from "./observed-totals.ts";

const SERVICES = 4;
const CLIENTS = 48;
const TENANTS = Array.from({ length: 6 }, (_, n) => `overridden-${n}`);
/** The plan's limits on one resource. Overrides replace the one for life: in some of their windows the month's binds. */
const FOR_LIFE = 5;
const PER_MONTH = 7;
const OVERRIDDEN = [9, 3];
const WINDOWS = 8 * ROUNDS;
/** Each override is in force for the first half of its turn, and the plan's limit for the second. */
const TURN_MS = 500;
const BEFORE_FIRST_MS = 3_000 * ROUNDS;

interface Window {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly amount: number;
}

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
const month = { resource: "tokens", period: "month", amount: PER_MONTH } as const;
await watchTotals(admin, [month]);
const plan = await planFile("passing", [{ resource: "tokens", period: "lifetime", amount: FOR_LIFE }, month]);
afterAll(plan.remove);
const fleet = await startFleet(SERVICES, database.writerUrl, () => plan);
afterAll(fleet.stop);

async function asAdmin(method: string, path: string, body: object, expected: number): Promise<void> {
  const response = await fetch(`${fleet.url(0)}${path}`, {
    method,
    headers: { authorization: `Bearer ${KEYS.admin}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect({ status: response.status, answer: await response.json() }).toMatchObject({ status: expected });
}

/** Overrides that come and go by themselves, each known before the first client asks. */
async function makeOverrides(tenantId: string, firstMs: number): Promise<Window[]> {
  await asAdmin("PUT", `/v1/admin/tenants/${tenantId}`, { plan: "passing" }, 200);
  const windows = Array.from({ length: WINDOWS }, (_, n) => {
    const fromMs = firstMs + n * TURN_MS;
    return { fromMs, untilMs: fromMs + TURN_MS / 2, amount: OVERRIDDEN[n % OVERRIDDEN.length]! };
  });
  for (const { fromMs, untilMs, amount } of windows) {
    const [from, until] = [fromMs, untilMs].map((ms) => new Date(ms).toISOString());
    const override = {
      tenantId,
      resource: "tokens",
      period: "lifetime",
      amount,
      reason: "a passing need",
      from,
      until,
    };
    await asAdmin("POST", "/v1/admin/overrides", override, 201);
  }
  return windows;
}

/** The limits at the decision's instant, and the verdict that follows from them and from what was used and held. */
function expectLimitsOfTheInstant(windows: readonly Window[], decision: ReservationDecision, amount: number): void {
  const atMs = Date.parse(decision.asOf);
  const inForce = windows.find(({ fromMs, untilMs }) => fromMs <= atMs && atMs < untilMs);
  expect(decision.items).toMatchObject([
    { period: "lifetime", limit: inForce?.amount ?? FOR_LIFE, source: inForce ? "override" : "plan" },
    { period: "month", limit: PER_MONTH, source: "plan" },
  ]);
  expect(decision.allowed).toBe(decision.items.every((it) => it.used + it.reserved + amount <= it.limit!));
}

test(
  "I8: overrides begin and expire by themselves in the middle of a race over four services, and every decision is right by the limits of its own instant",
  async () => {
    await awayFromMidnight(60_000 + BEFORE_FIRST_MS + WINDOWS * TURN_MS);
    const ledger = new ClientsLedger();
    const firstMs = Date.now() + BEFORE_FIRST_MS;
    const windowsOf = new Map(
      await Promise.all(TENANTS.map(async (tenant) => [tenant, await makeOverrides(tenant, firstMs)] as const)),
    );
    const decidedBy = new Map<number, { allowed: number; denied: number }>();
    const contend = async (client: number): Promise<void> => {
      for (let n = client; Date.now() < firstMs + WINDOWS * TURN_MS; n += 1) {
        const tenant = TENANTS[n % TENANTS.length]!;
        const amount = 1 + (n % 3);
        ledger.asking(tenant, "tokens", amount);
        const expectTaken = ledger.watch(tenant, "tokens", amount);
        const { admitted, decision, reservationId } = await reserve(fleet.url(n), tenant, randomUUIDv7(), amount);
        expectLimitsOfTheInstant(windowsOf.get(tenant)!, decision, amount);
        const [forLife] = decision.items;
        expectTaken(forLife!.used + forLife!.reserved);
        ledger.answered(tenant, "tokens", amount, admitted ? amount : 0, PER_MONTH);
        const seen = decidedBy.get(forLife!.limit!) ?? { allowed: 0, denied: 0 };
        seen[admitted ? "allowed" : "denied"] += 1;
        decidedBy.set(forLife!.limit!, seen);
        if (!admitted) continue;
        ledger.givingBack(tenant, "tokens", amount);
        await release(fleet.url(n + 1), tenant, reservationId);
        ledger.free(tenant, "tokens", amount);
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, client) => contend(client)));

    // The race was one: under each of the limits some were admitted and some were not.
    for (const limit of [FOR_LIFE, ...OVERRIDDEN]) {
      expect(decidedBy.get(limit)?.allowed).toBeGreaterThan(0);
      expect(decidedBy.get(limit)?.denied).toBeGreaterThan(0);
    }
    for (const tenant of TENANTS) expect(ledger.settled(tenant, "tokens")).toBe(0);
    expect(await passedLimits(admin)).toEqual([]);
    expect(await driftFromHolds(admin)).toEqual([]);
  },
  60_000 + 30_000 * ROUNDS,
);
