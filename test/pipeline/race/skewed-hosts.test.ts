import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { inParallel } from "../traffic/in-parallel.ts";
import { reserve } from "../traffic/quota-client.ts";
import { awayFromMidnight } from "./away-from-midnight.ts";
import { startRace } from "./start-race.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** How far each service's clock is ahead: right, another day either way, another month either way. */
const AHEAD_MS = [0, 25 * HOUR_MS, -25 * HOUR_MS, 40 * DAY_MS, -40 * DAY_MS];
/** Of the database's word on its clock: transport and scheduling. */
const LATE_MS_MAX = 30_000;
const LATER_CLOCK = new URL("../processes/later-clock.ts", import.meta.url).href;
const TENANTS = Array.from({ length: 10 }, (_, n) => `between-clocks-${n}`);
const ASKS_PER_TENANT = 20;
const LIMITS = [
  { resource: "tokens", period: "day", amount: 12 },
  { resource: "tokens", period: "month", amount: 14 },
] as const;

const race = await startRace({
  services: AHEAD_MS.length,
  planId: "skewed",
  limits: LIMITS,
  optionsOf: (n) => ({ env: { CLOCK_AHEAD_MS: String(AHEAD_MS[n]) }, preload: [LATER_CLOCK] }),
});
const { admin, fleet } = race;

test(
  "I7, I8: services whose clocks are days and weeks apart decide by the database's clock: one day, one limit, one instant of reset and of expiry",
  async () => {
    await awayFromMidnight(2 * LATE_MS_MAX);
    const endOfDay = new Date(Math.ceil(Date.now() / DAY_MS) * DAY_MS).toISOString();
    const asks = TENANTS.flatMap((tenant) => Array.from({ length: ASKS_PER_TENANT }, (_, n) => ({ tenant, n })));
    const answers = await inParallel(asks.length, asks, async ({ tenant, n }) => {
      const { admitted, decision } = await reserve(fleet.url(n), tenant, randomUUIDv7(), 1);
      expect(decision.items[0]?.resetsAt).toBe(endOfDay);
      expect(Math.abs(Date.parse(decision.asOf) - Date.now())).toBeLessThan(LATE_MS_MAX);
      const expiresAt = new Date(Date.parse(decision.asOf) + 300_000).toISOString();
      expect(decision.expiresAt).toBe(admitted ? expiresAt : null);
      return { tenant, admitted };
    });
    for (const tenant of TENANTS) {
      const admitted = answers.filter((it) => it.tenant === tenant && it.admitted).length;
      expect({ tenant, admitted }).toEqual({ tenant, admitted: LIMITS[0].amount });
    }
    // Long enough for every service's sweep: none may end by its own clock what the database's says is running.
    await sleep(2_500);
    const { rows } = await admin.query("select distinct state from quotel.reservations");
    expect(rows).toEqual([{ state: "open" }]);
    await race.expectSoundTotals();
  },
  5 * LATE_MS_MAX,
);
