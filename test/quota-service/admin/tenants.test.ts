import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { accountingPeriods } from "#database/periods/period";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";
import { trailOf } from "./audit-trail.ts";

const service = await startTestService();
afterAll(service.stop);

function put(tenantId: string, body: unknown): Promise<Answer> {
  return service.call("PUT", `/v1/admin/tenants/${tenantId}`, { token: TOKENS.admin, body });
}

test("a tenant is registered with a plan, and a repetition changes nothing", async () => {
  const first = await put("acme", { plan: "pro" });
  expect(first).toMatchObject({
    status: 200,
    body: { tenantId: "acme", plan: "pro", planSource: "assigned", licenceStatus: "active" },
  });
  const { createdAt } = first.body as { createdAt: string };
  expect((await put("acme", { plan: "pro" })).body).toMatchObject({ plan: "pro", createdAt });
});

test("a change of plan binds the next decision and keeps what is used and held", async () => {
  const reserve = { tenantId: "globex", reservationId: randomUUIDv7(), resource: "tokens", amount: 9_000 };
  expect((await service.call("POST", "/v1/quota/reservations", { body: reserve })).status).toBe(201);
  const check = { tenantId: "globex", resource: "tokens", amount: 5_000 };
  const decide = async (): Promise<unknown> => (await service.call("POST", "/v1/quota/check", { body: check })).body;
  expect(await decide()).toMatchObject({ allowed: false, plan: "trial" });
  await put("globex", { plan: "starter" });
  expect(await decide()).toMatchObject({
    allowed: true,
    plan: "starter",
    items: [{ limit: 100_000, reserved: 9_000 }],
  });
});

test("the licence is set, kept by a change of plan, and binds the next decision", async () => {
  await put("initech", { plan: "pro", licenceStatus: "suspended" });
  expect((await put("initech", { plan: "starter" })).body).toMatchObject({ licenceStatus: "suspended" });
  const check = { tenantId: "initech", resource: "tokens", amount: 1 };
  const decide = async (): Promise<unknown> => (await service.call("POST", "/v1/quota/check", { body: check })).body;
  expect(await decide()).toMatchObject({ allowed: false, reason: "LICENSE_INACTIVE" });
  await put("initech", { plan: "starter", licenceStatus: "active" });
  expect(await decide()).toMatchObject({ allowed: true });
});

test("a licence's end is set, kept by other changes, and taken away", async () => {
  const end = "2031-01-31T09:00:00.000Z";
  expect((await put("hooli", { plan: "pro" })).body).toMatchObject({ licenceExpiresAt: null });
  expect((await put("hooli", { plan: "pro", licenceExpiresAt: "2031-01-31T10:00:00+01:00" })).body).toMatchObject({
    licenceExpiresAt: end,
  });
  expect((await put("hooli", { plan: "starter" })).body).toMatchObject({ licenceExpiresAt: end });
  expect((await put("hooli", { plan: "starter", licenceExpiresAt: null })).body).toMatchObject({
    licenceExpiresAt: null,
  });
});

test("I7: a new tenant lives in its zone from the first; a change holds from the end of the present month period on", async () => {
  const berlin = { zone: "Europe/Berlin", anchorDay: 15 };
  expect((await put("pied", { plan: "pro", ...berlin })).body).toMatchObject({ ...berlin, calendarChange: null });
  const effectiveFrom = new Date(
    accountingPeriods(Date.now() + 60_000, [{ effectiveFromMs: 0, ...berlin }]).month.endMs,
  ).toISOString();
  expect((await put("pied", { plan: "pro", zone: "Asia/Kolkata" })).body).toMatchObject({
    ...berlin,
    calendarChange: { zone: "Asia/Kolkata", anchorDay: 15, effectiveFrom },
  });
  // What is still to come can be changed, and taken back; both at the same instant.
  expect((await put("pied", { plan: "pro", anchorDay: 1 })).body).toMatchObject({
    ...berlin,
    calendarChange: { zone: "Asia/Kolkata", anchorDay: 1, effectiveFrom },
  });
  await put("pied", { plan: "pro", ...berlin });
  const { rows } = await service.pool.query(
    "select zone, anchor_day from quotel.tenant_calendars where tenant_id = 'pied' order by effective_from",
  );
  expect(rows).toEqual([
    { zone: "Europe/Berlin", anchor_day: 15 },
    { zone: "Europe/Berlin", anchor_day: 15 },
  ]);
});

test("a registered tenant is shown, an unknown one is 404", async () => {
  const body = (await put("shown", { plan: "pro", licenceStatus: "trialing" })).body;
  const get = (id: string) => service.call("GET", `/v1/admin/tenants/${id}`, { token: TOKENS.admin });
  expect(await get("shown")).toMatchObject({ status: 200, body });
  expect(await get("nobody")).toMatchObject({ status: 404, body: { error: { code: "TENANT_NOT_FOUND" } } });
});

test("L4: every change of a tenant is audited with the key, the old and the new values, and a repetition is not", async () => {
  await put("ledgered", { plan: "trial" });
  await put("ledgered", { plan: "trial" });
  await put("ledgered", { plan: "pro", licenceStatus: "past_due" });
  await put("ledgered", { plan: "pro", zone: "America/New_York" });
  await put("ledgered", { plan: "platinum" });
  const admin = { actor_type: "admin", actor_id: "admin", entity_id: "ledgered" };
  expect(await trailOf(service.pool, "ledgered")).toMatchObject([
    { ...admin, event_type: "tenant.created", old_values: null, new_values: { plan: "trial", zone: "UTC" } },
    {
      ...admin,
      event_type: "tenant.changed",
      old_values: { plan: "trial", licenceStatus: "active" },
      new_values: { plan: "pro", licenceStatus: "past_due" },
    },
    {
      ...admin,
      event_type: "tenant.changed",
      old_values: { calendarChange: null },
      new_values: { zone: "UTC", calendarChange: { zone: "America/New_York" } },
    },
  ]);
});

test("a tenant that was provisioned and is then given its plan counts as assigned", async () => {
  const reserve = { tenantId: "walked-in", reservationId: randomUUIDv7(), resource: "tokens", amount: 1 };
  await service.call("POST", "/v1/quota/reservations", { body: reserve });
  expect((await put("walked-in", { plan: "trial" })).body).toMatchObject({ planSource: "assigned" });
  expect(await trailOf(service.pool, "walked-in")).toMatchObject([
    { event_type: "tenant.changed", old_values: { planSource: "default" }, new_values: { planSource: "assigned" } },
  ]);
});

test("one tenant registered by many at once is registered once", async () => {
  await Promise.all(Array.from({ length: 8 }, () => put("crowded", { plan: "pro", zone: "Europe/Paris" })));
  expect(await trailOf(service.pool, "crowded")).toHaveLength(1);
});

test("a plan nobody has defined is refused with a list of those there are", async () => {
  expect(await put("umbrella", { plan: "platinum" })).toMatchObject({
    status: 400,
    body: {
      error: {
        code: "UNKNOWN_PLAN",
        message: expect.stringContaining("enterprise, pro, starter, trial"),
        details: [{ path: "plan" }],
      },
    },
  });
  const { rows } = await service.pool.query("select from quotel.tenants where tenant_id = 'umbrella'");
  expect(rows).toHaveLength(0);
});

test.each<[tenantId: string, body: unknown, field: string]>([
  ["acme", [], ""],
  ["acme", undefined, ""],
  ["acme", {}, "plan"],
  ["acme", { plan: 7 }, "plan"],
  ["acme", { plan: "pro", licenceStatus: "happy" }, "licenceStatus"],
  ["acme", { plan: "pro", price: 1 }, "price"],
  ["acme", { plan: "pro", licenceExpiresAt: "2031-02-30T00:00:00Z" }, "licenceExpiresAt"],
  ["acme", { plan: "pro", licenceExpiresAt: "tomorrow" }, "licenceExpiresAt"],
  ["acme", { plan: "pro", zone: "Mars/Olympus" }, "zone"],
  ["acme", { plan: "pro", zone: "+02:00" }, "zone"],
  ["acme", { plan: "pro", anchorDay: 32 }, "anchorDay"],
  ["unattributed", { plan: "pro" }, "id"],
  ["a%20b", { plan: "pro" }, "id"],
])("a setting of %s to %j is refused, naming %s", async (tenantId, body, field) => {
  expect(await put(tenantId, body)).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_REQUEST", details: [{ path: field }] } },
  });
});
