import { afterAll, expect, test } from "vitest";

import { QuotaClient } from "@quotel/instrumentation";
import { startTestService, TOKENS } from "../quota-service/running-service.ts";

const service = await startTestService();
afterAll(service.stop);
const client = new QuotaClient({
  url: service.url,
  serviceKey: TOKENS.service,
  adminKey: TOKENS.admin,
  timeoutMs: 5_000,
});

test("Q5: the quota client's calls are those of the real service: enforce, status, a quota of one's own", async () => {
  const enforced = await client.enforceQuota("acme", "tokens", 1_000);
  expect(enforced).toMatchObject({ kind: "decided", decision: { allowed: true, mode: "strict" } });
  const several = [
    { resource: "tokens", amount: 1_000_000 },
    { resource: "chat_messages", amount: 1 },
  ];
  expect(await client.enforceMultipleQuotas("acme", several)).toMatchObject({ decision: { allowed: false } });
  const custom = { resource: "tokens", period: "day", amount: 2_000_000, reason: "a big customer" } as const;
  expect(await client.setCustomQuota("acme", custom)).toMatchObject({ kind: "done" });
  expect(await client.enforceMultipleQuotas("acme", several)).toMatchObject({ decision: { allowed: true } });
  const status = await client.getQuotaStatus("acme");
  expect(status).toMatchObject({ kind: "done", value: { tenantId: "acme", plan: "trial" } });
  expect(JSON.stringify(status)).toContain('"limit":2000000');
});

test("Q14: short-lived work skips the question, and nobody is asked", async () => {
  const nowhere = new QuotaClient({ url: "http://127.0.0.1:1024" }, {});
  expect(await nowhere.enforceQuota("acme", "storage_bytes", 10, { shortLived: true })).toEqual({ kind: "skipped" });
  expect(nowhere.counters.failOpen).toBe(0);
});

test("Q9: features, plans and upgrades are the service's to know", async () => {
  expect(await client.getFeature("acme", "sso")).toMatchObject({ kind: "done", value: { allowed: false } });
  expect(await client.getMinimumPlan("acme", "pro")).toMatchObject({
    value: { allowed: false, reason: "PLAN_TOO_LOW" },
  });
  expect(await client.suggestUpgrade("acme", { resource: "embeddings", amount: 400 })).toMatchObject({
    value: { suffices: false, suggestUpgrade: "starter" },
  });
});
