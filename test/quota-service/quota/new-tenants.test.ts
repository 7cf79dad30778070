import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";

const service = await startTestService();
afterAll(service.stop);

test("a key that has made too many new tenants within the hour is asked to wait, and known tenants go on", async () => {
  await service.pool.query(`
    insert into quotel.tenants (tenant_id, plan_id, provisioned_by)
    select 'made-' || n, 'trial', 'service' from generate_series(1, 1000) n`);
  const reserve = (tenantId: string) => ({ tenantId, reservationId: randomUUIDv7(), resource: "tokens", amount: 1 });
  const refused = await service.call("POST", "/v1/quota/reservations", { body: reserve("one-more") });
  expect(refused).toMatchObject({ status: 429, body: { error: { code: "TOO_MANY_NEW_TENANTS" } } });
  expect(refused.headers.get("retry-after")).toBe("60");
  expect((await service.call("POST", "/v1/quota/reservations", { body: reserve("made-7") })).status).toBe(201);
  const otherKey = { token: TOKENS.admin, body: reserve("one-more") };
  expect((await service.call("POST", "/v1/quota/reservations", otherKey)).status).toBe(201);
});

test("a check never makes a tenant, and decides for an unknown one by the default plan", async () => {
  const body = { tenantId: "only-asking", resource: "tokens", amount: 1 };
  expect((await service.call("POST", "/v1/quota/check", { body })).body).toMatchObject({
    allowed: true,
    plan: "trial",
  });
  const { rows } = await service.pool.query("select from quotel.tenants where tenant_id = 'only-asking'");
  expect(rows).toHaveLength(0);
});
