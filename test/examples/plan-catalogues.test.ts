import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { loadCatalogue } from "#database/plans/file/load-catalogue";
import { TOKENS, startTestService } from "../quota-service/running-service.ts";
import type { TestService } from "../quota-service/running-service.ts";

const FOLDER = join(import.meta.dirname, "../../examples/plans");

/** The limits of each plan that is in force in a service, as `resource/period amount`, the lowest plan first. */
async function limitsInForce(service: TestService): Promise<Record<string, string[]>> {
  const { body } = await service.call("GET", "/v1/admin/plans", { token: TOKENS.admin });
  const { plans } = body as {
    plans: { planId: string; limits: { resource: string; period: string; amount: number | null }[] }[];
  };
  return Object.fromEntries(
    plans.map(({ planId, limits }) => [
      planId,
      limits.map(({ resource, period, amount }) => `${resource}/${period} ${amount}`).sort(),
    ]),
  );
}

async function decide(service: TestService, tenantId: string, resource: string, amount: number): Promise<unknown> {
  return (await service.call("POST", "/v1/quota/check", { body: { tenantId, resource, amount } })).body;
}

async function register(service: TestService, tenantId: string, plan: string): Promise<void> {
  const { status } = await service.call("PUT", `/v1/admin/tenants/${tenantId}`, {
    token: TOKENS.admin,
    body: { plan },
  });
  expect(status).toBe(200);
}

function startWith(file: string, defaultPlan: string): Promise<TestService> {
  return startTestService({ QUOTEL_PLANS: join(FOLDER, file), QUOTEL_DEFAULT_PLAN: defaultPlan });
}

test.each(["daily-model-limits.json", "storage-and-agents.json", "features-and-rates.json"])(
  "the example catalogue %s is valid",
  async (file) => {
    expect(await loadCatalogue(join(FOLDER, file))).toMatchObject({ ok: true });
  },
);

describe("Q2: limits of a day's tokens, chat requests and embedding tokens", async () => {
  const service = await startWith("daily-model-limits.json", "standard");
  afterAll(service.stop);

  test("Q2: they are in force and bind decisions", async () => {
    expect(await limitsInForce(service)).toEqual({
      standard: ["chat_messages/day 500", "embedding_tokens/day 50000", "tokens/day 100000"],
      extended: ["chat_messages/day 5000", "embedding_tokens/day 500000", "tokens/day 1000000"],
    });
    expect(await decide(service, "acme", "embedding_tokens", 50_000)).toMatchObject({ allowed: true });
    expect(await decide(service, "acme", "embedding_tokens", 50_001)).toMatchObject({ allowed: false });
    expect(await decide(service, "acme", "chat_messages", 501)).toMatchObject({ allowed: false, plan: "standard" });
    await register(service, "acme", "extended");
    expect(await decide(service, "acme", "chat_messages", 501)).toMatchObject({ allowed: true, plan: "extended" });
  });

  test.each([-1, 0.5, "100", 2 ** 53])(
    "Q2: %j is refused when it is stored, as a limit of a plan or of a tenant",
    async (amount) => {
      const limit = { resource: "tokens", period: "day", amount };
      const [plan, override] = await Promise.all([
        service.call("PUT", "/v1/admin/plans/standard", { token: TOKENS.admin, body: { limits: [limit] } }),
        service.call("POST", "/v1/admin/overrides", {
          token: TOKENS.admin,
          body: { tenantId: "acme", reason: "test", ...limit },
        }),
      ]);
      expect(plan).toMatchObject({ status: 400, body: { error: { details: [{ path: "limits[0].amount" }] } } });
      expect(override).toMatchObject({ status: 400, body: { error: { details: [{ path: "amount" }] } } });
    },
  );
});

describe("Q3: tokens by the day, storage as a level, agent minutes by the month", async () => {
  const service = await startWith("storage-and-agents.json", "free_trial");
  afterAll(service.stop);

  test("Q3: the plans' limits are those of the file and bind decisions", async () => {
    expect(await limitsInForce(service)).toEqual({
      free_trial: ["agent_minutes/month 0", "storage_bytes/level 1000000000", "tokens/day 1000"],
      basic: ["agent_minutes/month 60", "storage_bytes/level 10000000000", "tokens/day 50000"],
      pro: ["agent_minutes/month null", "storage_bytes/level null", "tokens/day null"],
    });
    expect(await decide(service, "trying", "agent_minutes", 1)).toMatchObject({ allowed: false, plan: "free_trial" });
    expect(await decide(service, "trying", "tokens", 1_000)).toMatchObject({ allowed: true });
    expect(await decide(service, "trying", "tokens", 1_001)).toMatchObject({ allowed: false });
    await register(service, "paying", "basic");
    expect(await decide(service, "paying", "agent_minutes", 60)).toMatchObject({ allowed: true });
    expect(await decide(service, "paying", "agent_minutes", 61)).toMatchObject({ allowed: false });
    await register(service, "whale", "pro");
    expect(await decide(service, "whale", "agent_minutes", 1e12)).toMatchObject({ allowed: true });
  });

  test("Q3: what a plan denies for its size the next one up is suggested for", async () => {
    const suggest = async (resource: string, amount: number): Promise<unknown> =>
      (
        await service.call("POST", "/v1/quota/suggest-upgrade", {
          body: { tenantId: "trying", resource, amount },
        })
      ).body;
    expect(await suggest("agent_minutes", 1)).toMatchObject({ suffices: false, suggestUpgrade: "basic" });
    expect(await suggest("agent_minutes", 61)).toMatchObject({ suggestUpgrade: "pro" });
    expect(await suggest("storage_bytes", 2_000_000_000)).toMatchObject({ suggestUpgrade: "basic" });
  });
});

describe("Q4: features, and requests per minute", async () => {
  const service = await startWith("features-and-rates.json", "free");
  afterAll(service.stop);

  test("Q4: each plan has the rate of its place, and a check shows it", async () => {
    const rates = { free: 100, starter: 500, professional: 2_000, business: 10_000, enterprise: 50_000 };
    expect(await limitsInForce(service)).toEqual(
      Object.fromEntries(Object.entries(rates).map(([plan, amount]) => [plan, [`api_calls/minute ${amount}`]])),
    );
    for (const [plan, limit] of Object.entries(rates)) {
      await register(service, plan, plan);
      expect(await decide(service, plan, "api_calls", 1)).toMatchObject({
        allowed: true,
        items: [{ period: "minute", limit }],
      });
    }
  });

  test("Q4: a feature belongs to its plan and every higher one", async () => {
    const allowed = async (tenantId: string, feature: string): Promise<unknown> => {
      const { body } = await service.call("GET", `/v1/quota/features/${feature}?tenantId=${tenantId}`);
      return (body as { allowed: boolean }).allowed;
    };
    await register(service, "small", "free");
    await register(service, "large", "enterprise");
    expect(await allowed("small", "channels")).toBe(true);
    expect(await allowed("small", "sso")).toBe(false);
    expect(await allowed("large", "sso")).toBe(true);
    const { body } = await service.call("GET", "/v1/quota/features/sso?tenantId=small");
    expect(body).toMatchObject({ minimumPlan: "business", suggestUpgrade: "business" });
  });
});
