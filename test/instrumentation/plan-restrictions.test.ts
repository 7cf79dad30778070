import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { QuotaClient } from "@quotel/instrumentation";
import { PlanRestrictions } from "@quotel/instrumentation/plans";
import { startTestService, TOKENS } from "../quota-service/running-service.ts";
import { startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

const service = await startTestService();
afterAll(service.stop);
let scripted: ScriptedQuotaService;
beforeAll(async () => {
  scripted = await startScriptedQuotaService();
});
beforeEach(() => {
  scripted.requests.length = 0;
});
afterAll(() => scripted.close());

test("Q9: of the real service plan restrictions learn what a plan refuses and why", async () => {
  const plans = new PlanRestrictions(
    new QuotaClient({ url: service.url, serviceKey: TOKENS.service, timeoutMs: 5_000 }, {}),
  );
  expect(await plans.isFeatureAllowed("acme", "sso")).toBe(false);
  expect(await plans.requireMinimumPlan("acme", "trial")).toEqual({ kind: "allowed" });
  expect(await plans.requireMinimumPlan("acme", "pro")).toEqual({ kind: "refused", reason: "PLAN_TOO_LOW" });
  expect(await plans.checkUsageLimit("acme", "embeddings", 51)).toMatchObject({ decision: { allowed: false } });
  expect(await plans.checkFileUploadSize("acme", 1_000_000)).toMatchObject({ decision: { allowed: true } });
  expect(await plans.checkPlanRateLimit("acme")).toMatchObject({ decision: { allowed: true } });
  const needs = { minimumPlan: "trial", items: [{ resource: "tokens", amount: 10_001 }] };
  expect(await plans.applyPlanRestrictions("acme", needs)).toEqual({ kind: "refused", reason: "AMOUNT_EXCEEDS_LIMIT" });
});

test("an answer about a plan is asked for once, and no answer is asked for again", async () => {
  const plans = new PlanRestrictions(new QuotaClient({ url: scripted.url }, {}));
  scripted.script = () => ({ status: 503 });
  expect(await plans.requireFeature("acme", "sso")).toEqual({ kind: "undecided" });
  expect(await plans.isFeatureAllowed("acme", "sso")).toBe(true);
  scripted.script = () => ({ status: 200, body: { allowed: false, reason: "FEATURE_NOT_IN_PLAN" } });
  const asked = await Promise.all([1, 2, 3].map(() => plans.requireFeature("acme", "sso")));
  expect(asked).toEqual(asked.map(() => ({ kind: "refused", reason: "FEATURE_NOT_IN_PLAN" })));
  expect(scripted.requests).toHaveLength(3);
});
