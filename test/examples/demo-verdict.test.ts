import { expect, test } from "vitest";
import { isUnjustDenial, type DecisionFigures } from "../../examples/chat-api/demo/proxies/decision-watch.ts";
import { formatVerdict } from "../../examples/chat-api/demo/table.ts";
import { hasPassed, judge, type TenantEvidence } from "../../examples/chat-api/demo/verdict.ts";

const acme: TenantEvidence = {
  tenant: { tenantId: "acme", plan: "trial", calls: 3, concurrency: 1 },
  traffic: { calls: 3, denied: 1, providerFailures: 0 },
  provider: {
    reported: { calls: 2, inputTokens: 900, outputTokens: 300 },
    unreported: { calls: 1, inputTokens: 40, outputTokens: 2 },
    refused: 1,
  },
  account: {
    calls: 3,
    tokensBySource: { provider: 1200, partial: 41, estimated: 0, none: 5 },
    costNanoUsd: 1_234_567n,
    reserved: 0,
    amountOverLimit: 0,
  },
  unjustDenials: 0,
};
const beta: TenantEvidence = { ...acme, tenant: { ...acme.tenant, tenantId: "beta" } };

test("the demo passes when both sides name the same tokens for every tenant and the limit was met", () => {
  const verdict = judge([acme, beta], 1234.5);
  expect(hasPassed(verdict)).toBe(true);
  expect(verdict).toMatchObject({ conserved: true, providerTokens: 2400, unreportedTokens: 84, denied: 2 });
});

test("tokens lost for one tenant and doubled for another do not cancel out", () => {
  const withTokens = (provider: number) => ({ ...acme.account.tokensBySource, provider });
  const lost = { ...acme, account: { ...acme.account, tokensBySource: withTokens(1100) } };
  const doubled = { ...beta, account: { ...acme.account, tokensBySource: withTokens(1300) } };
  const verdict = judge([lost, doubled], 0);
  expect(verdict.ledgerTokens).toBe(verdict.providerTokens);
  expect(verdict.conserved).toBe(false);
  expect(hasPassed(verdict)).toBe(false);
});

test.each([
  ["a passed hard limit", { account: { ...acme.account, amountOverLimit: 1 } }],
  ["an unjust denial", { unjustDenials: 1 }],
  ["a limit that nobody met", { traffic: { ...acme.traffic, denied: 0 } }],
])("the demo fails on %s", (_, change) => {
  expect(hasPassed(judge([{ ...acme, ...change }], 0))).toBe(false);
});

test("the table shows every tenant's figures and marks a broken promise", () => {
  const text = formatVerdict(judge([acme, { ...beta, unjustDenials: 1 }], 2000));
  expect(text).toMatch(/acme +trial +3 +1,200 +1,200 +41 \/ 0 +42 +5 +0\.001235 +1/);
  expect(text).toContain("FAILED  nobody was denied what fitted (1 of 2 denials)");
  expect(text).toContain("ok      reported = ledger for every tenant (2,400 = 2,400 tokens)");
});

test("a denial is unjust only if every limit that may deny had room for what was asked", () => {
  const roomy = {
    requested: 100,
    limit: 1000 as number | null,
    used: 600,
    reserved: 300,
    enforcement: "hard" as const,
  };
  const full = { ...roomy, requested: 101 };
  const denied = (...items: DecisionFigures["items"]) => ({ allowed: false, tenantId: "acme", items });
  expect(isUnjustDenial(denied(roomy, { ...roomy, limit: null }))).toBe(true);
  expect(isUnjustDenial(denied(roomy, full))).toBe(false);
  expect(isUnjustDenial(denied(roomy, { ...full, enforcement: "shadow" }))).toBe(true);
  expect(isUnjustDenial({ ...denied(roomy), allowed: true })).toBe(false);
});
