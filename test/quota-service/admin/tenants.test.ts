import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

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
  ["unattributed", { plan: "pro" }, "id"],
  ["a%20b", { plan: "pro" }, "id"],
])("a setting of %s to %j is refused, naming %s", async (tenantId, body, field) => {
  expect(await put(tenantId, body)).toMatchObject({
    status: 400,
    body: { error: { code: "INVALID_REQUEST", details: [{ path: field }] } },
  });
});
