import { afterAll, beforeAll, expect, test, vi } from "vitest";

import { QuotaClient } from "@quotel/instrumentation";
import { CircuitBreaker } from "../../instrumentation/src/quota/client/circuit-breaker.ts";
import { decisionsAlone } from "../../instrumentation/src/quota/client/decided-alone.ts";
import { startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

let quota: ScriptedQuotaService;
beforeAll(async () => {
  quota = await startScriptedQuotaService();
});
afterAll(() => quota.close());

const request = { tenantId: "acme", resource: "tokens", amount: 1 };

test("after five failures in a row nobody is asked for two seconds, then one probe at a time, until one is answered", () => {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < 5; n += 1) {
    expect(breaker.admits(1_000)).toBe(true);
    breaker.failed(1_000);
  }
  expect([breaker.admits(1_000), breaker.admits(2_999)]).toEqual([false, false]);
  expect([breaker.admits(3_000), breaker.admits(3_000)]).toEqual([true, false]);
  breaker.failed(3_100);
  expect([breaker.admits(5_000), breaker.admits(5_100)]).toEqual([false, true]);
  breaker.answered();
  expect([breaker.admits(5_100), breaker.admits(5_100)]).toEqual([true, true]);
});

test("a failure between answers opens nothing", () => {
  const breaker = new CircuitBreaker();
  for (let n = 0; n < 20; n += 1) {
    breaker.failed(n);
    breaker.answered();
  }
  expect(breaker.admits(20)).toBe(true);
});

test("I14: while the circuit is open decisions fail open at once, each counted, in the process's counters too", async () => {
  quota.script = () => "silence";
  const client = new QuotaClient({ url: quota.url, timeoutMs: 50 }, {});
  const before = decisionsAlone().failOpen;
  for (let n = 0; n < 5; n += 1) await client.check(request);
  const asked = quota.requests.length;
  const startedAt = performance.now();
  for (let n = 0; n < 20; n += 1) {
    expect(await client.check(request)).toMatchObject({ decision: { allowed: true, mode: "fail_open" } });
  }
  // Waiting for each would take a second.
  expect(performance.now() - startedAt).toBeLessThan(500);
  expect(quota.requests).toHaveLength(asked);
  expect(client.counters.failOpen).toBe(25);
  expect(decisionsAlone().failOpen - before).toBe(25);
});

test("a service that answers again is asked again", async () => {
  const clock = vi.spyOn(performance, "now");
  quota.script = () => ({ status: 503 });
  const client = new QuotaClient({ url: quota.url, timeoutMs: 500 }, {});
  for (let n = 0; n < 5; n += 1) await client.check(request);
  quota.script = () => null;
  clock.mockReturnValue(performance.now() + 2_001);
  expect(await client.check(request)).toMatchObject({ decision: { mode: "strict" } });
  expect(await client.check(request)).toMatchObject({ decision: { mode: "strict" } });
  clock.mockRestore();
});
