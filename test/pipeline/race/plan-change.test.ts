import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ReservationDecision } from "@quotel/conventions";
import { expect, test } from "vitest";
import { ROUNDS } from "../faults/rounds.ts";
import { KEYS } from "../processes/rooms.ts";
import { release, reserve } from "../traffic/quota-client.ts";
import { startRace } from "./start-race.ts";

const SERVICES = 4;
const CLIENTS = 48;
const TENANTS = Array.from({ length: 6 }, (_, n) => `changing-${n}`);
const CHANGES = 12 * ROUNDS;
const BETWEEN_CHANGES_MS = 150;
const NARROW = 4;
const WIDE = 9;

const race = await startRace({
  services: SERVICES,
  planId: "wide",
  limits: [
    { resource: "tokens", period: "month", amount: WIDE },
    { resource: "tokens", period: "lifetime", amount: WIDE },
  ],
});
const { admin, fleet } = race;
await admin.query("insert into quotel.plans (plan_id, version) values ('narrow', 1)");
await admin.query(
  "insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('narrow', 1, 'tokens', 'lifetime', $1)",
  [NARROW],
);

/** Through the API, at any service. */
async function putOnPlan(service: number, tenant: string, planId: string): Promise<void> {
  const response = await fetch(`${fleet.url(service)}/v1/admin/tenants/${tenant}`, {
    method: "PUT",
    headers: { authorization: `Bearer ${KEYS.admin}`, "content-type": "application/json" },
    body: JSON.stringify({ plan: planId }),
  });
  await response.arrayBuffer();
  expect([200, 201]).toContain(response.status);
}

/** Each answer has the limits of one plan, whole, and is right by them. */
function expectOnePlan({ plan: planId, items, allowed }: ReservationDecision, amount: number): void {
  expect(items.map(({ period, limit }) => ({ period, limit }))).toEqual(
    planId === "wide"
      ? [
          { period: "lifetime", limit: WIDE },
          { period: "month", limit: WIDE },
        ]
      : [{ period: "lifetime", limit: NARROW }],
  );
  expect(allowed).toBe(items.every(({ used, reserved, limit }) => used + reserved + amount <= limit!));
}

test("I8: while plans change under load every decision keeps to one plan, and from the change's answer on to the new one, at every service", async () => {
  const over = new AbortController();
  const seen = { wide: 0, narrow: 0 };
  /** The plan that is known to be in force for a tenant; null while a change is on its way. */
  const inForce = new Map<string, { readonly planId: string } | null>();
  const contend = async (client: number): Promise<void> => {
    for (let n = client; !over.signal.aborted; n += 1) {
      const tenant = TENANTS[n % TENANTS.length]!;
      const amount = 1 + (n % 3);
      const before = inForce.get(tenant) ?? null;
      const { admitted, decision, reservationId } = await reserve(fleet.url(n), tenant, randomUUIDv7(), amount);
      expectOnePlan(decision, amount);
      // The very same entry: no change has begun since the request was sent.
      const isUndisturbed = before !== null && inForce.get(tenant) === before;
      expect(decision.plan).toBe(isUndisturbed ? before.planId : decision.plan);
      seen[decision.plan === "wide" ? "wide" : "narrow"] += 1;
      if (admitted) await release(fleet.url(n + 1), tenant, reservationId);
    }
  };
  const change = async (): Promise<void> => {
    for (let n = 0; n < CHANGES; n += 1) {
      const planId = n % 2 === 0 ? "narrow" : "wide";
      await Promise.all(
        TENANTS.map(async (tenant, index) => {
          inForce.set(tenant, null);
          await putOnPlan(n + index, tenant, planId);
          inForce.set(tenant, { planId });
        }),
      );
      await sleep(BETWEEN_CHANGES_MS);
    }
  };
  const contenders = Array.from({ length: CLIENTS }, (_, client) => contend(client));
  await Promise.race([change(), Promise.all(contenders)]).finally(() => over.abort());
  await Promise.all(contenders);

  expect(Math.min(seen.wide, seen.narrow)).toBeGreaterThan(0);
  await race.expectSoundTotals();
});
