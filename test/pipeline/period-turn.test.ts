import { randomUUIDv7 } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { createPool } from "#database/pool";
import { driftFromHolds, driftFromLedger } from "../database/record/usage-oracle.ts";
import { createTestDatabase } from "../database/test-database.ts";
import { inParallel } from "./traffic/in-parallel.ts";
import { passedLimits, watchTotals } from "./race/observed-totals.ts";
import { close, reserve } from "./traffic/quota-client.ts";
import { planFile, startCollector, startQuotaService, stopRooms } from "./processes/rooms.ts";
import { chatEvent, sendSpans } from "./traffic/telemetry.ts";

const LIMIT = 10;
const TENANTS = Array.from({ length: 12 }, (_, i) => `turning-${i}`);
const CLIENTS_PER_TENANT = 4;
const BEFORE_TURN_MS = 3_000;
const AFTER_TURN_MS = 1_500;

const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
afterAll(() => admin.end());
await watchTotals(admin, [{ resource: "tokens", period: "day", amount: LIMIT }]);
const plan = await planFile("turn", [{ resource: "tokens", period: "day", amount: LIMIT }]);
afterAll(plan.remove);
const quotas = await Promise.all([1, 2, 3].map(() => startQuotaService(database.writerUrl, plan)));
const collector = await startCollector(database.writerUrl, plan);
afterAll(() => stopRooms([...quotas, collector]));

interface Admitted {
  readonly tenant: string;
  readonly reservationId: string;
  readonly resetsAt: string | null;
}

/** Every tenant's day ends at one instant to come: where a calendar version begins, the running periods are cut. */
async function turnDaysSoon(): Promise<number> {
  const { rows } = await admin.query<{ turn_ms: number }>(
    `with turn as (select date_trunc('milliseconds', clock_timestamp()) + $2 * interval '1 millisecond' as at),
     made as (
       insert into quotel.tenant_calendars (tenant_id, effective_from, zone, anchor_day)
       select tenant, turn.at, 'UTC', 1 from turn, unnest($1::text[]) as tenant)
     select (extract(epoch from at) * 1000)::bigint as turn_ms from turn`,
    [TENANTS, BEFORE_TURN_MS],
  );
  return rows[0]!.turn_ms;
}

/**
 * One client keeps asking for one token, until the new day, too, has denied it one. Some tenants come at once and use their
 * old day up, others just before it ends.
 */
async function keepAsking(tenant: string, client: number, turnMs: number): Promise<Admitted[]> {
  const admitted: Admitted[] = [];
  if (!asksEarly(tenant)) await sleep(turnMs - Date.now() - 10 * (1 + TENANTS.indexOf(tenant)));
  let nextIsUsedUp = false;
  for (let n = client; Date.now() < turnMs + AFTER_TURN_MS || !nextIsUsedUp; n += 1) {
    const it = await reserve(quotas[n % quotas.length]!.url, tenant, randomUUIDv7(), 1);
    const { resetsAt } = it.decision.items[0]!;
    if (it.admitted) admitted.push({ tenant, reservationId: it.reservationId, resetsAt });
    else {
      nextIsUsedUp = resetsAt !== new Date(turnMs).toISOString();
      await sleep(20);
    }
  }
  return admitted;
}

function asksEarly(tenant: string): boolean {
  return TENANTS.indexOf(tenant) % 2 === 0;
}

/** What the days on both sides of the turn hold. */
async function daysOf(tenant: string, turnMs: number): Promise<{ before: object; after: object }> {
  const { rows } = await admin.query<{ start_ms: number; used: number; reserved: number }>(
    `select (extract(epoch from period_start) * 1000)::bigint as start_ms, used, reserved from quotel.quota_totals
     where tenant_id = $1 and resource = 'tokens' and period = 'day'`,
    [tenant],
  );
  const sum = (wanted: boolean) =>
    rows
      .filter((row) => (row.start_ms === turnMs) === wanted)
      .reduce((a, b) => ({ used: a.used + b.used, reserved: a.reserved + b.reserved }), { used: 0, reserved: 0 });
  return { before: sum(false), after: sum(true) };
}

test("I7, I8: when a day turns in the middle of a race neither day admits more than its limit, and a call's hold and usage count in the day that admitted it", async () => {
  const turnMs = await turnDaysSoon();
  const clients = TENANTS.flatMap((tenant) => Array.from({ length: CLIENTS_PER_TENANT }, (_, n) => ({ tenant, n })));
  const admitted = (await inParallel(clients.length, clients, ({ tenant, n }) => keepAsking(tenant, n, turnMs))).flat();

  const turn = new Date(turnMs).toISOString();
  const old = admitted.filter((it) => it.resetsAt === turn);
  const next = admitted.filter((it) => it.resetsAt !== turn);
  for (const tenant of TENANTS) {
    const admittedBefore = old.filter((it) => it.tenant === tenant).length;
    expect(admittedBefore).toBeLessThanOrEqual(LIMIT);
    expect(admittedBefore).toBeGreaterThanOrEqual(asksEarly(tenant) ? LIMIT : 0);
    // Since the turn everyone has asked for much more than there is.
    expect(next.filter((it) => it.tenant === tenant)).toHaveLength(LIMIT);
    expect(await daysOf(tenant, turnMs)).toEqual({
      before: { used: 0, reserved: admittedBefore },
      after: { used: 0, reserved: LIMIT },
    });
  }

  // All of it ends after the turn; half of the old calls end unclosed.
  await inParallel(50, admitted, async ({ tenant, reservationId }) => {
    const span = chatEvent(tenant, reservationId, 1, reservationId);
    expect(span.endedAtMicros).toBeGreaterThan(turnMs * 1_000);
    if (Number.parseInt(reservationId.at(-1)!, 16) % 2 === 0) await close(quotas[0]!.url, tenant, reservationId, 1);
    expect((await sendSpans(collector.url, [span, span])).status).toBe(200);
  });
  for (const tenant of TENANTS) {
    const admittedBefore = old.filter((it) => it.tenant === tenant).length;
    expect(await daysOf(tenant, turnMs)).toEqual({
      before: { used: admittedBefore, reserved: 0 },
      after: { used: LIMIT, reserved: 0 },
    });
  }
  expect(await passedLimits(admin)).toEqual([]);
  expect(await driftFromHolds(admin)).toEqual([]);
  expect(await driftFromLedger(admin)).toEqual([]);
});
