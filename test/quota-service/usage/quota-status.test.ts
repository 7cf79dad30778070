import { randomUUIDv7 } from "node:crypto";
import type { AdminUsageSummary } from "@quotel/conventions";
import { afterAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

async function limitsOf(tenantId: string): Promise<unknown> {
  const answer = await service.call("GET", `/v1/quota/status?tenantId=${tenantId}`);
  expect(answer).toMatchObject({ status: 200, body: { tenantId } });
  return (answer.body as { limits: unknown }).limits;
}

async function override(body: object): Promise<string> {
  const made = await service.call("POST", "/v1/admin/overrides", {
    token: TOKENS.admin,
    body: { tenantId: "acme", reason: "trial run", ...body },
  });
  return (made.body as { overrideId: string }).overrideId;
}

test("the status shows every limit that holds with its percentage, an override in place of the plan's and beside it", async () => {
  const admin = { token: TOKENS.admin, body: { plan: "trial" } };
  await service.call("PUT", "/v1/admin/tenants/acme", admin);
  const work = { tenantId: "acme", reservationId: randomUUIDv7(), resource: "tokens", amount: 4_000 };
  await service.call("POST", "/v1/quota/reservations", { body: work });
  const close = { tenantId: "acme", action: "close", settle: "now", items: [{ resource: "tokens", amount: 4_000 }] };
  expect((await service.call("PATCH", `/v1/quota/reservations/${work.reservationId}`, { body: close })).status).toBe(
    200,
  );

  const plan = { resourceType: "tokens", period: "day", limit: 10_000, used: 4_000, percentage: 40, source: "plan" };
  expect(await limitsOf("acme")).toHaveLength(4);
  expect(await limitsOf("acme")).toContainEqual(expect.objectContaining(plan));

  const daily = await override({ resource: "tokens", period: "day", amount: 5_000 });
  await override({ resource: "tokens", period: "month", amount: 3_900, enforcement: "soft" });
  const limits = await limitsOf("acme");
  expect(limits).toHaveLength(5);
  expect(limits).toContainEqual(
    expect.objectContaining({ ...plan, limit: 5_000, percentage: 80, state: "warning", source: "override" }),
  );
  expect(limits).toContainEqual(
    expect.objectContaining({ period: "month", limit: 3_900, state: "exceeded", enforcement: "soft" }),
  );

  await service.call("DELETE", `/v1/admin/overrides/${daily}?tenantId=acme`, { token: TOKENS.admin });
  expect(await limitsOf("acme")).toContainEqual(expect.objectContaining(plan));
});

test("a tenant's key sees its own status and no other", async () => {
  const own = await service.call("GET", "/v1/quota/status", { token: TOKENS.acme });
  expect(own).toMatchObject({ status: 200, body: { tenantId: "acme", plan: "trial" } });
  expect((await service.call("GET", "/v1/quota/status?tenantId=globex", { token: TOKENS.acme })).status).toBe(403);
});

test("a tenant that nobody has registered stands by the default plan, as it does from its first reservation on, and asking makes no tenant", async () => {
  const asked = await limitsOf("newcomer");
  const { rows } = await service.pool.query("select from quotel.tenants where tenant_id = 'newcomer'");
  expect(rows).toEqual([]);
  const first = { tenantId: "newcomer", reservationId: randomUUIDv7(), resource: "tokens", amount: 0 };
  expect((await service.call("POST", "/v1/quota/reservations", { body: first })).status).toBe(201);
  expect(asked).toContainEqual(
    expect.objectContaining({ resourceType: "tokens", period: "day", limit: 10_000, percentage: 0, source: "default" }),
  );
  expect(await limitsOf("newcomer")).toEqual(asked);
});

test("totals that no JSON number holds are shown as the largest it does, by the status and the summary as by a check", async () => {
  const body = { tenantId: "immense", resource: "tokens", amount: 1 };
  await service.call("POST", "/v1/quota/reservations", { body: { ...body, reservationId: randomUUIDv7() } });
  await service.pool.query(
    "update quotel.day_totals set used = '{9223372036854775807}', reserved = '{9223372036854775807}' where tenant_id = 'immense'",
  );
  const immense = { used: Number.MAX_SAFE_INTEGER, reserved: Number.MAX_SAFE_INTEGER };
  const { body: decision } = await service.call("POST", "/v1/quota/check", { body });
  expect(decision).toMatchObject({ allowed: false, items: [immense] });
  expect(await limitsOf("immense")).toContainEqual(expect.objectContaining({ resourceType: "tokens", ...immense }));
  const summary = await service.call("GET", "/v1/admin/usage", { token: TOKENS.admin });
  expect((summary.body as AdminUsageSummary).exceedingQuota).toContainEqual(
    expect.objectContaining({ tenantId: "immense", resource: "tokens", used: Number.MAX_SAFE_INTEGER }),
  );
});
