import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { DecisionItem } from "@quotel/conventions";
import { createPool } from "#database/pool";
import { recordEvents } from "#database/record/record-events";
import { expireDueReservations } from "#database/reservations/expire-due";
import { inTransaction } from "#database/transaction";
import type { ReserveOutcome } from "../../../quota-service/decisions/contract.ts";
import { createDecisionEngine } from "../../../quota-service/decisions/engine.ts";
import { createTestDatabase } from "../../database/test-database.ts";
import { tokensEvent } from "./tokens-event.ts";
import { sampleLevel } from "./sample-level.ts";

const CALLER = { keyId: "service" };
const database = await createTestDatabase();
afterAll(database.drop);
const admin = createPool({ connectionString: database.adminUrl, applicationName: "oracle" });
const pool = createPool({ connectionString: database.writerUrl, applicationName: "services" });
afterAll(() => Promise.all([admin.end(), pool.end()]));
await admin.query("select quotel.ensure_event_partitions(current_date - 1, current_date + 1)");
const quiet = { error: () => {} };
const engines = [1, 2].map(() => createDecisionEngine({ pool, defaultPlan: null, log: quiet }));
const [engine] = engines as [(typeof engines)[number]];

let tenants = 0;
/** A tenant of its own on a plan of its own, whose limits are given as rows of `quotel.plan_limits`. */
async function tenantWith(limits: readonly Readonly<Record<string, string | number | null>>[]): Promise<string> {
  const tenantId = `tenant-${(tenants += 1)}`;
  await admin.query("insert into quotel.plans (plan_id, version) values ($1, 1)", [tenantId]);
  for (const limit of limits) {
    const columns = Object.keys(limit);
    const places = columns.map((_, index) => `$${index + 2}`);
    await admin.query(
      `insert into quotel.plan_limits (plan_id, version, ${columns.join(", ")}) values ($1, 1, ${places.join(", ")})`,
      [tenantId, ...Object.values(limit)],
    );
  }
  await admin.query("insert into quotel.tenants (tenant_id, plan_id, plan_source) values ($1, $1, 'assigned')", [
    tenantId,
  ]);
  return tenantId;
}

function reserve(tenantId: string, resource: string, amount: number, by = engine): Promise<ReserveOutcome> {
  const request = { tenantId, reservationId: randomUUIDv7(), items: [{ resource, amount }] };
  return by.reserve({ ...request, ttlSeconds: 300, requestHash: "ab" }, CALLER);
}

async function itemsOf(tenantId: string, resource: string, amount = 0): Promise<readonly DecisionItem[]> {
  const outcome = await engine.check({ tenantId, items: [{ resource, amount }] }, CALLER);
  return outcome.kind === "decided" ? outcome.decision.items : [];
}

/** A sample of a level, taken `afterMs` from now. */
function sample(tenantId: string, value: number, afterMs = 0): Promise<void> {
  return sampleLevel(pool, tenantId, "members", value, Date.now() + afterMs);
}

test("Q10: whatever arrives at once at several services, a rate limit admits its amount and burst and says exactly when more fits", async () => {
  const tenantId = await tenantWith([{ resource: "api_calls", period: "hour", amount: 20, burst: 5 }]);
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, index) => reserve(tenantId, "api_calls", 1, engines[index % 2])),
  );
  expect(outcomes.filter(({ kind }) => kind === "reserved")).toHaveLength(25);
  const denied = await reserve(tenantId, "api_calls", 1);
  if (denied.kind !== "denied") throw new Error(`unexpected ${denied.kind}`);
  const { reason, retryAfterSeconds, asOf, items } = denied.decision;
  expect(reason).toBe("RATE_LIMITED");
  expect(items).toMatchObject([{ limit: 20, burst: 5, used: 25, remaining: 0, state: "exceeded", allowed: false }]);
  // Everything was taken within a sub-bucket or two: more fits an hour and a sixtieth after the first of it began.
  const fitsAtMs = Date.parse(asOf) + (retryAfterSeconds ?? 0) * 1000;
  expect(fitsAtMs).toBeGreaterThan(Date.parse(asOf) + 3_600_000 - 60_000);
  expect(fitsAtMs).toBeLessThanOrEqual(Date.parse(asOf) + 3_660_000 + 1000);
  expect((await reserve(tenantId, "api_calls", 26)).kind).toBe("denied");
  expect(await itemsOf(tenantId, "api_calls")).toMatchObject([{ used: 25 }]);
});

test("a release gives nothing back to a rate limit", async () => {
  const tenantId = await tenantWith([{ resource: "api_calls", period: "hour", amount: 1 }]);
  const made = await reserve(tenantId, "api_calls", 1);
  if (made.kind !== "reserved") throw new Error(`unexpected ${made.kind}`);
  await engine.release({ tenantId, reservationId: made.decision.reservationId }, CALLER);
  expect((await reserve(tenantId, "api_calls", 1)).kind).toBe("denied");
});

test("Q12: a shadow limit denies nothing and says what it would have done, a soft one denies nothing and shows its state", async () => {
  const tenantId = await tenantWith([
    { resource: "searches", period: "day", amount: 5, enforcement: "shadow" },
    { resource: "searches", period: "month", amount: 5, enforcement: "soft" },
  ]);
  expect(await itemsOf(tenantId, "searches", 5)).toMatchObject([{ wouldAllow: true }, { allowed: true }]);
  expect((await reserve(tenantId, "searches", 6)).kind).toBe("reserved");
  const [shadow, soft] = await itemsOf(tenantId, "searches", 1);
  expect(shadow).toMatchObject({ allowed: true, wouldAllow: false, enforcement: "shadow" });
  expect(soft).toMatchObject({ allowed: true, enforcement: "soft", wouldAllow: false });
});

test("Q8: a licence that has ended by the database's clock denies, whatever its status says", async () => {
  const tenantId = await tenantWith([]);
  expect((await reserve(tenantId, "tokens", 1)).kind).toBe("reserved");
  await admin.query("update quotel.tenants set licence_expires_at = clock_timestamp() where tenant_id = $1", [
    tenantId,
  ]);
  expect(await reserve(tenantId, "tokens", 1)).toMatchObject({
    kind: "denied",
    decision: { reason: "LICENSE_INACTIVE", retryAfterSeconds: null },
  });
});

test("an override binds from its first instant to its last, also in a period that the plan does not limit", async () => {
  const tenantId = await tenantWith([{ resource: "searches", period: "day", amount: 5 }]);
  await admin.query(
    `insert into quotel.limit_overrides (tenant_id, override_id, resource, period, amount, valid_from, valid_until, reason, actor)
     values ($1, $2, 'searches', 'month', 1, now() + interval '300 ms', now() + interval '900 ms', 'trial', 'ops')`,
    [tenantId, randomUUIDv7()],
  );
  const periods = async (): Promise<string[]> =>
    (await itemsOf(tenantId, "searches")).map(({ period, source }) => `${period} ${source}`);
  expect(await periods()).toEqual(["day plan"]);
  await expect.poll(periods, { interval: 20 }).toEqual(["day plan", "month override"]);
  expect((await reserve(tenantId, "searches", 2)).kind).toBe("denied");
  await expect.poll(periods, { interval: 20 }).toEqual(["day plan"]);
  expect((await reserve(tenantId, "searches", 2)).kind).toBe("reserved");
});

test("a hold on a level ends with the first sample after its close, and not before", async () => {
  const tenantId = await tenantWith([{ resource: "members", period: "level", amount: 10 }]);
  await sample(tenantId, 6, -1_000);
  const made = await reserve(tenantId, "members", 3);
  if (made.kind !== "reserved") throw new Error(`unexpected ${made.kind}`);
  expect(await itemsOf(tenantId, "members")).toMatchObject([{ used: 6, reserved: 3, remaining: 1, resetsAt: null }]);
  expect((await reserve(tenantId, "members", 2)).kind).toBe("denied");
  const close = { tenantId, reservationId: made.decision.reservationId, items: [{ resource: "members", amount: 2 }] };
  await engine.close({ ...close, settle: "spans" }, CALLER);
  expect(await itemsOf(tenantId, "members")).toMatchObject([{ used: 6, reserved: 2 }]);
  await sample(tenantId, 8, 50);
  expect(await itemsOf(tenantId, "members")).toMatchObject([{ used: 8, reserved: 0, remaining: 2 }]);
});

test("I6: a cost limit that says so admits nothing while an event of its period has no price", async () => {
  const limit = { resource: "cost", amount: 1_000_000 };
  const tenantId = await tenantWith([
    { ...limit, period: "day", on_unpriced: "deny" },
    { ...limit, period: "month", on_unpriced: "allow" },
  ]);
  expect((await reserve(tenantId, "cost", 10)).kind).toBe("reserved");
  const event = { ...tokensEvent(tenantId, "unpriced", 10, null), costNanoUsd: null };
  await inTransaction(pool, (client) =>
    recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
  );
  expect(await reserve(tenantId, "cost", 10)).toMatchObject({
    kind: "denied",
    decision: { reason: "QUOTA_EXCEEDED", items: [{ allowed: false, unpricedEvents: 1 }, { allowed: true }] },
  });
});

test("a reserve that timed out and failed open: its spans make the row, and a later reserve finds what they settled", async () => {
  const tenantId = await tenantWith([{ resource: "tokens", period: "day", amount: 100 }]);
  const reservationId = randomUUIDv7();
  const event = tokensEvent(tenantId, "early", 60, reservationId);
  await inTransaction(pool, (client) =>
    recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
  );
  expect(await itemsOf(tenantId, "tokens")).toMatchObject([{ used: 60, reserved: 0 }]);
  const request = { tenantId, reservationId, items: [{ resource: "tokens", amount: 100 }] };
  const late = await engine.reserve({ ...request, ttlSeconds: 300, requestHash: "ab" }, CALLER);
  expect(late).toMatchObject({ kind: "reserved", decision: { items: [{ used: 60, granted: 100 }] } });
  expect(await itemsOf(tenantId, "tokens")).toMatchObject([{ used: 60, reserved: 40 }]);
  expect(await engine.close({ ...request, settle: "spans", items: [] }, CALLER)).toMatchObject({
    kind: "changed",
    state: { items: expect.arrayContaining([expect.objectContaining({ settled: 60, trueAmount: 60, held: 0 })]) },
  });
});

test("a kept reservation whose time ran out holds on and is settled by late spans; a released one frees what it held", async () => {
  const tenantId = await tenantWith([{ resource: "tokens", period: "month", amount: 1_000 }]);
  const ids = { keep: randomUUIDv7(), release: randomUUIDv7() };
  for (const onExpiry of ["keep", "release"] as const) {
    const request = { tenantId, reservationId: ids[onExpiry], items: [{ resource: "tokens", amount: 100 }] };
    await engine.reserve({ ...request, ttlSeconds: 300, requestHash: "ab", onExpiry }, CALLER);
  }
  await admin.query("update quotel.reservations set expires_at = now() where tenant_id = $1", [tenantId]);
  expect(await itemsOf(tenantId, "tokens")).toMatchObject([{ used: 0, reserved: 100 }]);
  expect(await expireDueReservations(pool)).toEqual({ released: 1, kept: 1 });
  expect(await itemsOf(tenantId, "tokens")).toMatchObject([{ used: 0, reserved: 100 }]);
  const event = tokensEvent(tenantId, "late", 70, ids.keep);
  await inTransaction(pool, (client) =>
    recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
  );
  expect(await itemsOf(tenantId, "tokens")).toMatchObject([{ used: 70, reserved: 30 }]);
});

test("quota_status shows every limit in force as a decision shows it", async () => {
  const tenantId = await tenantWith([
    { resource: "tokens", period: "day", amount: 100, grace_fraction: 0.5 },
    { resource: "tokens", period: "month", amount: 100, grace_seconds: 60 },
    { resource: "tokens", period: "lifetime", amount: 150 },
    { resource: "tokens", period: "hour", amount: 100, burst: 40 },
    { resource: "members", period: "level", amount: 10 },
  ]);
  await admin.query(
    `insert into quotel.limit_overrides (tenant_id, override_id, resource, period, amount, enforcement, reason, actor)
     values ($1, $2, 'tokens', 'lifetime', 110, 'soft', 'trial', 'ops')`,
    [tenantId, randomUUIDv7()],
  );
  await sample(tenantId, 9);
  const made = await reserve(tenantId, "tokens", 130);
  if (made.kind !== "reserved") throw new Error(`unexpected ${made.kind}`);
  const event = tokensEvent(tenantId, "used", 120, made.decision.reservationId);
  await inTransaction(pool, (client) =>
    recordEvents(client, [{ event, producerId: "test", receivedAtMicros: Date.now() * 1000 }]),
  );
  const decided = [...(await itemsOf(tenantId, "members")), ...(await itemsOf(tenantId, "tokens"))];
  const { rows } = await admin.query(
    `select resource, period, limit_amount::int as limit, used::int, reserved::int, remaining::int, percent_used as
       "percentUsed", state, enforcement, source from public.quota_status where tenant_id = $1 order by resource, period`,
    [tenantId],
  );
  expect(rows).toEqual(
    decided.map(({ resource, period, limit, used, reserved, remaining, percentUsed, state, enforcement, source }) => {
      return { resource, period, limit, used, reserved, remaining, percentUsed, state, enforcement, source };
    }),
  );
  expect(decided.map(({ period, state }) => `${period} ${state}`)).toEqual([
    "level warning",
    "day grace",
    "hour warning",
    "lifetime exceeded",
    "month grace",
  ]);
});
