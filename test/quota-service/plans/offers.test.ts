import { randomUUIDv7 } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TOKENS, startTestService } from "../running-service.ts";
import type { Answer } from "../running-service.ts";

const service = await startTestService();
const registeredOnly = await startTestService({ QUOTEL_DEFAULT_PLAN: "none" });
afterAll(service.stop);
afterAll(registeredOnly.stop);

function admin(method: string, path: string, body: unknown): Promise<Answer> {
  return service.call(method, path, { token: TOKENS.admin, body });
}

async function feature(name: string, tenantId: string): Promise<unknown> {
  return (await service.call("GET", `/v1/quota/features/${name}?tenantId=${tenantId}`)).body;
}

async function upgrade(body: object): Promise<unknown> {
  return (await service.call("POST", "/v1/quota/suggest-upgrade", { body })).body;
}

beforeAll(async () => {
  const limits = [{ resource: "tokens", period: "day", amount: 20_000 }];
  await admin("PUT", "/v1/admin/plans/team", { rank: 2, features: ["export"], limits });
  await admin("PUT", "/v1/admin/plans/business", { rank: 7, features: ["export", "sso"], limits });
  await admin("PUT", "/v1/admin/tenants/acme", { plan: "trial" });
  await admin("PUT", "/v1/admin/tenants/globex", { plan: "business" });
});

test("a feature is allowed by the plan that has it; who lacks it is told the plan that would have it", async () => {
  expect(await feature("sso", "globex")).toEqual({
    tenantId: "globex",
    feature: "sso",
    allowed: true,
    reason: null,
    plan: "business",
    minimumPlan: "business",
    suggestUpgrade: null,
  });
  expect(await feature("export", "acme")).toMatchObject({
    allowed: false,
    reason: "FEATURE_NOT_IN_PLAN",
    plan: "trial",
    minimumPlan: "team",
    suggestUpgrade: "team",
  });
  expect(await feature("teleport", "acme")).toMatchObject({ allowed: false, minimumPlan: null, suggestUpgrade: null });
});

test("a tenant reaches the minimum plan with it or a higher one", async () => {
  const minimum = (plan: string, tenantId: string) =>
    service.call("GET", `/v1/quota/minimum-plan/${plan}?tenantId=${tenantId}`);
  expect((await minimum("team", "globex")).body).toMatchObject({ allowed: true, reason: null, plan: "business" });
  expect((await minimum("business", "globex")).body).toMatchObject({ allowed: true });
  expect((await minimum("team", "acme")).body).toMatchObject({ allowed: false, reason: "PLAN_TOO_LOW" });
  expect(await minimum("platinum", "acme")).toMatchObject({ status: 404, body: { error: { code: "PLAN_NOT_FOUND" } } });
});

test("Q8: a licence that is over allows no feature and reaches no plan", async () => {
  await admin("PUT", "/v1/admin/tenants/lapsed", { plan: "business", licenceExpiresAt: "2024-01-01T00:00:00Z" });
  const refused = { allowed: false, reason: "LICENSE_INACTIVE" };
  expect(await feature("sso", "lapsed")).toMatchObject({ ...refused, suggestUpgrade: null });
  const reached = await service.call("GET", "/v1/quota/minimum-plan/team?tenantId=lapsed");
  expect(reached.body).toMatchObject(refused);
});

test("the upgrade that is suggested has room for the amount beside what is used and held, and for the feature", async () => {
  const ask = { tenantId: "acme", resource: "tokens", amount: 9_000 };
  expect(await upgrade(ask)).toEqual({ tenantId: "acme", plan: "trial", suffices: true, suggestUpgrade: null });
  await service.call("POST", "/v1/quota/reservations", { body: { ...ask, reservationId: randomUUIDv7() } });
  expect(await upgrade(ask)).toMatchObject({ suffices: false, suggestUpgrade: "starter" });
  expect(await upgrade({ ...ask, amount: 100_000 })).toMatchObject({ suggestUpgrade: "pro" });
  expect(await upgrade({ ...ask, amount: 10_000_000 })).toMatchObject({ suggestUpgrade: "enterprise" });
  expect(await upgrade({ tenantId: "acme", feature: "sso" })).toMatchObject({ suggestUpgrade: "business" });
  expect(await upgrade({ tenantId: "globex", feature: "sso" })).toMatchObject({ suffices: true });
});

test("an override stays in the way of every plan, so none is suggested for what it denies", async () => {
  await admin("PUT", "/v1/admin/tenants/capped", { plan: "trial" });
  const override = { tenantId: "capped", resource: "tokens", period: "day", amount: 50, reason: "abuse" };
  await admin("POST", "/v1/admin/overrides", override);
  expect(await upgrade({ tenantId: "capped", resource: "tokens", amount: 51 })).toMatchObject({
    suffices: false,
    suggestUpgrade: null,
  });
});

test("a tenant that nobody has registered is on the default plan, and unknown where there is none", async () => {
  expect(await feature("export", "stranger")).toMatchObject({ plan: "trial", allowed: false });
  expect((await registeredOnly.call("GET", "/v1/quota/features/export?tenantId=stranger")).status).toBe(404);
  const { rowCount } = await service.pool.query("select from quotel.tenants where tenant_id = 'stranger'");
  expect(rowCount).toBe(0);
});

test.each<[body: object, field: string]>([
  [{ tenantId: "acme" }, "resource"],
  [{ tenantId: "acme", resource: "tokens" }, "amount"],
  [{ tenantId: "acme", resource: "tokens", amount: -1 }, "amount"],
  [{ tenantId: "acme", feature: "No Feature" }, "feature"],
  [{ tenantId: "acme", feature: "sso", amount: 1 }, "amount"],
  [{ resource: "tokens", amount: 1 }, "tenantId"],
])("an upgrade for %j cannot be suggested, naming %s", async (body, field) => {
  expect(await service.call("POST", "/v1/quota/suggest-upgrade", { body })).toMatchObject({
    status: 400,
    body: {
      error: { code: "INVALID_REQUEST", details: expect.arrayContaining([expect.objectContaining({ path: field })]) },
    },
  });
});
