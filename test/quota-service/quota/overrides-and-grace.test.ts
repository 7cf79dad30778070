import { randomUUID, randomUUIDv7 } from "node:crypto";
import type { Decision } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { applyCatalogue } from "#database/plans/apply-catalogue";
import { validateCatalogue } from "#database/plans/catalogue";
import { startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);
const catalogue = validateCatalogue({
  plans: {
    plain: { limits: [{ resource: "tokens", period: "day", amount: 100 }] },
    wide: { limits: [{ resource: "tokens", period: "day", amount: 100, graceFraction: 0.105 }] },
    patient: { limits: [{ resource: "tokens", period: "day", amount: 100, graceSeconds: 2 }] },
    watched: {
      limits: [
        { resource: "tokens", period: "day", amount: 100, enforcement: "shadow" },
        { resource: "chat_messages", period: "day", amount: 1, enforcement: "soft" },
      ],
    },
  },
});
if (!catalogue.ok) throw new Error("the catalogue of the test is not valid");
await applyCatalogue(service.pool, catalogue.catalogue);

async function tenantOn(plan: string): Promise<string> {
  const tenantId = `t-${randomUUID()}`;
  await service.pool.query("insert into quotel.tenants (tenant_id, plan_id, plan_source) values ($1, $2, 'assigned')", [
    tenantId,
    plan,
  ]);
  return tenantId;
}

async function check(tenantId: string, amount: number, resource = "tokens"): Promise<Decision> {
  const { body } = await service.call("POST", "/v1/quota/check", { body: { tenantId, resource, amount } });
  return body as Decision;
}

async function reserve(tenantId: string, amount: number): Promise<number> {
  const body = { tenantId, resource: "tokens", amount, reservationId: randomUUIDv7() };
  return (await service.call("POST", "/v1/quota/reservations", { body })).status;
}

/** Under the tenant's lock, as the rule is. */
async function override(tenantId: string, amount: number | null, from: string, until: string | null): Promise<void> {
  await service.pool.query(
    `with tenant as (select from quotel.tenants where tenant_id = $1 for no key update)
     insert into quotel.limit_overrides (
       tenant_id, override_id, resource, period, amount, valid_from, valid_until, reason, actor)
     select $1, $2, 'tokens', 'day', $3, now() + $4::interval, now() + $5::interval, 'test', 'test' from tenant`,
    [tenantId, randomUUID(), amount, from, until],
  );
}

test("an override holds instead of the plan's limit from its first instant to its last, by the database's clock", async () => {
  const tenantId = await tenantOn("plain");
  expect((await check(tenantId, 150)).allowed).toBe(false);
  await override(tenantId, 200, "1 second", "2 seconds");
  await override(tenantId, 1, "1 hour", null);
  expect((await check(tenantId, 150)).items[0]).toMatchObject({ limit: 100, source: "plan" });
  await expect
    .poll(async () => (await check(tenantId, 150)).items[0], { timeout: 3_000 })
    .toMatchObject({
      limit: 200,
      source: "override",
      allowed: true,
    });
  await expect
    .poll(async () => (await check(tenantId, 150)).items[0], { timeout: 3_000 })
    .toMatchObject({
      limit: 100,
      source: "plan",
      allowed: false,
    });
});

test("I8: a reservation is admitted under the override in force, and refused when it is revoked", async () => {
  const tenantId = await tenantOn("plain");
  await override(tenantId, 300, "0 seconds", null);
  expect(await reserve(tenantId, 250)).toBe(201);
  await service.pool.query("update quotel.limit_overrides set revoked_at = now() where tenant_id = $1", [tenantId]);
  expect(await reserve(tenantId, 1)).toBe(429);
  expect((await check(tenantId, 0)).items[0]).toMatchObject({ limit: 100, reserved: 250, remaining: 0 });
});

test("an unlimited override lifts the limit", async () => {
  const tenantId = await tenantOn("plain");
  await override(tenantId, null, "0 seconds", null);
  expect(await reserve(tenantId, 1_000_000)).toBe(201);
});

test("a grace fraction admits that much beyond the amount, rounded down, and no more", async () => {
  const tenantId = await tenantOn("wide");
  expect(await reserve(tenantId, 100)).toBe(201);
  expect(await reserve(tenantId, 11)).toBe(429);
  expect(await reserve(tenantId, 10)).toBe(201);
  expect(await reserve(tenantId, 1)).toBe(429);
  expect((await check(tenantId, 200)).reason).toBe("AMOUNT_EXCEEDS_LIMIT");
});

test("a check and the status say the same of a limit below, at and past its amount, and past its grace", async () => {
  const tenantId = await tenantOn("wide");
  const use = async (amount: number): Promise<void> => {
    const item = { resource: "tokens", amount };
    const reservationId = randomUUIDv7();
    await service.call("POST", "/v1/quota/reservations", { body: { tenantId, reservationId, ...item } });
    const body = { action: "close", tenantId, items: [item], settle: "now" };
    await service.call("PATCH", `/v1/quota/reservations/${reservationId}`, { body });
  };
  const states = async (): Promise<unknown[]> => {
    const { body } = await service.call("GET", `/v1/quota/status?tenantId=${tenantId}`);
    return [(await check(tenantId, 0)).items[0]?.state, (body as { limits: { state: string }[] }).limits[0]?.state];
  };
  const said: unknown[] = [];
  for (const amount of [79, 1, 20, 1, 9]) {
    await use(amount);
    said.push(await states());
  }
  expect(said).toEqual([
    ["ok", "ok"],
    ["warning", "warning"],
    ["warning", "warning"],
    ["grace", "grace"],
    ["exceeded", "exceeded"],
  ]);
});

test("a grace time runs from the first admission beyond the amount; a check does not start it", async () => {
  const tenantId = await tenantOn("patient");
  const crossings = async (): Promise<number> =>
    (await service.pool.query("select from quotel.quota_crossings where tenant_id = $1", [tenantId])).rowCount!;
  expect(await reserve(tenantId, 100)).toBe(201);
  expect((await check(tenantId, 500)).allowed).toBe(true);
  expect(await crossings()).toBe(0);
  expect(await reserve(tenantId, 500)).toBe(201);
  expect(await reserve(tenantId, 500)).toBe(201);
  expect((await check(tenantId, 1)).items[0]).toMatchObject({ limit: 100, reserved: 1100, allowed: true });
  await expect.poll(async () => (await check(tenantId, 1)).allowed, { timeout: 4_000 }).toBe(false);
  expect(await reserve(tenantId, 1)).toBe(429);
  expect(await crossings()).toBe(1);
});

test("soft and shadow limits never deny, and say whether a hard one would have", async () => {
  const tenantId = await tenantOn("watched");
  const shadow = (await check(tenantId, 101)).items[0];
  expect(shadow).toMatchObject({ allowed: true, enforcement: "shadow", wouldAllow: false });
  const soft = (await check(tenantId, 1, "chat_messages")).items[0];
  expect(soft).toMatchObject({ allowed: true, enforcement: "soft", wouldAllow: true });
});

test("a licence that has run out is refused, by the database's clock, whatever its status", async () => {
  const tenantId = await tenantOn("plain");
  const expire = (at: string): Promise<unknown> =>
    service.pool.query("update quotel.tenants set licence_expires_at = now() + $2::interval where tenant_id = $1", [
      tenantId,
      at,
    ]);
  await expire("1 hour");
  expect((await check(tenantId, 1)).allowed).toBe(true);
  await expire("-1 second");
  expect(await check(tenantId, 1)).toMatchObject({ allowed: false, reason: "LICENSE_INACTIVE" });
  expect(await reserve(tenantId, 1)).toBe(403);
});
