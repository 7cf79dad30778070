import { randomUUIDv7 } from "node:crypto";
import { expect, test } from "vitest";
import { ROUNDS } from "../faults/rounds.ts";
import { inParallel } from "../traffic/in-parallel.ts";
import { reserve } from "../traffic/quota-client.ts";
import { startRace } from "./start-race.ts";

const SERVICES = 4;
const WAVES = 4 * ROUNDS;
const TENANTS_PER_WAVE = 12;
const ASKS_PER_TENANT = 16;
/** The day's limit binds; the month's, on the same resource, stands beside it. */
const LIMITS = [
  { resource: "tokens", period: "day", amount: 7 },
  { resource: "tokens", period: "month", amount: 9 },
] as const;

const race = await startRace({ services: SERVICES, planId: "newcomers", limits: LIMITS });
const { admin, fleet } = race;

test("I8: of the first requests that many tenants ever make, all at once and at every service, exactly what fits is admitted, and each tenant is made known once", async () => {
  for (let wave = 0; wave < WAVES; wave += 1) {
    const tenants = Array.from({ length: TENANTS_PER_WAVE }, (_, n) => `wave-${wave}-newcomer-${n}`);
    const asks = tenants.flatMap((tenant) => Array.from({ length: ASKS_PER_TENANT }, (_, n) => ({ tenant, n })));
    // All in flight at the same time, a tenant's at four services.
    const answers = await inParallel(asks.length, asks, async ({ tenant, n }) => {
      const { admitted, decision } = await reserve(fleet.url(n), tenant, randomUUIDv7(), 1);
      expect(decision.items.map(({ period, limit }) => ({ period, limit }))).toEqual(
        LIMITS.map(({ period, amount }) => ({ period, limit: amount })),
      );
      return { tenant, admitted };
    });
    for (const tenant of tenants) {
      const admitted = answers.filter((it) => it.tenant === tenant && it.admitted).length;
      expect({ tenant, admitted }).toEqual({ tenant, admitted: LIMITS[0].amount });
    }
  }
  const { rows } = await admin.query<{ tenants: number }>(
    "select count(*)::int as tenants from quotel.tenants where plan_id = 'newcomers' and plan_source = 'default'",
  );
  expect(rows).toEqual([{ tenants: WAVES * TENANTS_PER_WAVE }]);
  await race.expectSoundTotals();
});
