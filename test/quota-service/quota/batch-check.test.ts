import { randomUUIDv7 } from "node:crypto";
import { afterAll, expect, test } from "vitest";
import type { BatchDecision, Decision } from "@quotel/conventions";
import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

const service = await startTestService({ QUOTEL_DEFAULT_PLAN: "none" });
afterAll(service.stop);

const batch = (checks: readonly object[]): Promise<Answer> =>
  service.call("POST", "/v1/quota/check/batch", { body: { checks } });
const register = (tenantId: string, plan: string): Promise<Answer> =>
  service.call("PUT", `/v1/admin/tenants/${tenantId}`, { token: TOKENS.admin, body: { plan } });

test("a batch answers each check as a check of its own would, in order, an unknown tenant with an error", async () => {
  await register("small", "trial");
  await register("large", "enterprise");
  await service.call("POST", "/v1/quota/reservations", {
    body: { tenantId: "small", reservationId: randomUUIDv7(), resource: "tokens", amount: 9_000, ttlSeconds: 600 },
  });
  const items = [
    { resource: "tokens", amount: 1_001 },
    { resource: "api_calls", amount: 1 },
  ];
  const checks = ["small", "nobody", "large", "small"].map((tenantId) => ({ tenantId, items }));
  const { status, body } = await batch(checks);
  const { results } = body as BatchDecision;
  expect(status).toBe(200);
  expect(results).toMatchObject([
    { tenantId: "small", allowed: false, reason: "QUOTA_EXCEEDED", items: [{ reserved: 9_000 }, { period: "minute" }] },
    { tenantId: "nobody", error: { code: "TENANT_NOT_FOUND" } },
    { tenantId: "large", allowed: true, items: [{ limit: null }, { limit: null }] },
    { tenantId: "small", allowed: false },
  ]);
  const alone = (await service.call("POST", "/v1/quota/check", { body: checks[0] })).body as Decision;
  expect(alone.items).toEqual((results[0] as Decision).items);
});

test("all decisions of a batch are made at one instant, 100 tenants with every resource", async () => {
  const tenants = Array.from({ length: 100 }, (_, index) => `batch-${index}`);
  for (const tenantId of tenants) await register(tenantId, "pro");
  const items = BUILT_IN_RESOURCES.map((resource) => ({ resource, amount: 1 }));
  const { results } = (await batch(tenants.map((tenantId) => ({ tenantId, items })))).body as BatchDecision;
  expect(new Set(results.map((result) => ("asOf" in result ? result.asOf : "")))).toHaveLength(1);
  expect(results.map(({ tenantId }) => tenantId)).toEqual(tenants);
});

test("a batch with 101 checks, a repeated or an unknown resource is 400 and names the place", async () => {
  const check = { tenantId: "small", items: [{ resource: "tokens", amount: 1 }] };
  expect(await batch(Array.from({ length: 101 }, () => check))).toMatchObject({
    status: 400,
    body: { error: { details: [{ path: "checks" }] } },
  });
  expect(await batch([check, { tenantId: "small", items: [{ resource: "unheard_of", amount: 1 }] }])).toMatchObject({
    status: 400,
    body: { error: { code: "UNKNOWN_RESOURCE", details: [{ path: "checks[1].items[0].resource" }] } },
  });
  expect(await batch([{ ...check, items: [...check.items, ...check.items] }])).toMatchObject({
    status: 400,
    body: { error: { details: [{ path: "checks[0].items[1].resource" }] } },
  });
});
