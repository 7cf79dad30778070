import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";

const service = await startTestService({ QUOTEL_DEFAULT_PLAN: "none" });
afterAll(service.stop);

test("where tenants must be registered, an unregistered one is 404 until it is", async () => {
  const check = { tenantId: "newcomer", resource: "tokens", amount: 1 };
  const reserve = { ...check, reservationId: randomUUIDv7() };
  for (const [path, body] of [
    ["/v1/quota/check", check],
    ["/v1/quota/reservations", reserve],
  ] as const) {
    expect(await service.call("POST", path, { body })).toMatchObject({
      status: 404,
      body: { error: { code: "TENANT_NOT_FOUND", message: expect.stringContaining("newcomer") } },
    });
  }
  for (const path of ["/v1/quota/status", "/v1/usage/stats"])
    expect((await service.call("GET", `${path}?tenantId=newcomer`)).status).toBe(404);
  await service.call("PUT", "/v1/admin/tenants/newcomer", { token: TOKENS.admin, body: { plan: "starter" } });
  expect(await service.call("POST", "/v1/quota/check", { body: check })).toMatchObject({
    status: 200,
    body: { plan: "starter" },
  });
  expect((await service.call("POST", "/v1/quota/reservations", { body: reserve })).status).toBe(201);
});
