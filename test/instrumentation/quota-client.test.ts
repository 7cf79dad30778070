import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { QuotaClient } from "@quotel/instrumentation";
import { decision, startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

let quota: ScriptedQuotaService;
const items = [{ resource: "tokens", amount: 10 }];

beforeAll(async () => {
  quota = await startScriptedQuotaService();
});
beforeEach(() => {
  quota.requests.length = 0;
  quota.script = () => null;
});
afterAll(() => quota.close());

function client(options: ConstructorParameters<typeof QuotaClient>[0] = {}): QuotaClient {
  return new QuotaClient({ url: quota.url, serviceKey: "k", timeoutMs: 100, ...options }, {});
}

test("the quota client finds its service and key in the environment", async () => {
  const fromEnvironment = new QuotaClient({}, { QUOTEL_QUOTA_URL: `${quota.url}/`, QUOTEL_SERVICE_KEY: "env-key" });
  const outcome = await fromEnvironment.check({ tenantId: "acme", resource: "tokens", amount: 1 });
  expect(outcome).toMatchObject({ kind: "decided", decision: { allowed: true, mode: "strict" } });
  expect(quota.requests[0]).toMatchObject({ path: "/v1/quota/check", authorization: "Bearer env-key" });
});

test("a denial is a decision, not an error", async () => {
  quota.script = ({ body }) => ({ status: 429, body: decision(body, false), headers: { "retry-after": "5" } });
  const outcome = await client().reserve({ tenantId: "acme", items });
  expect(outcome).toMatchObject({ kind: "decided", decision: { allowed: false }, headers: { "retry-after": "5" } });
});

test("a request the service objects to is reported with its reason", async () => {
  quota.script = () => ({ status: 400, body: { error: { code: "UNKNOWN_RESOURCE", message: "no such resource" } } });
  const outcome = await client().check({ tenantId: "acme", resource: "nonsense", amount: 1 });
  expect(outcome).toEqual({
    kind: "rejected",
    status: 400,
    error: { code: "UNKNOWN_RESOURCE", message: "no such resource" },
  });
});

test.each(["silence", { status: 503, body: {} }] as const)(
  "no decision fails open or closed, says so and is counted: %o",
  async (answer) => {
    quota.script = () => answer;
    const open = client();
    expect(await open.reserve({ tenantId: "acme", items })).toMatchObject({
      kind: "decided",
      decision: { allowed: true, mode: "fail_open", items: [{ resource: "tokens", granted: 10 }] },
    });
    const closed = client({ failMode: "closed" });
    expect(await closed.check({ tenantId: "acme", items })).toMatchObject({
      kind: "decided",
      decision: { allowed: false, mode: "fail_closed" },
    });
    expect([open.counters, closed.counters]).toEqual([
      { failOpen: 1, failClosed: 0 },
      { failOpen: 0, failClosed: 1 },
    ]);
  },
);

test("a service that is not there is an outcome and never an exception", async () => {
  const nowhere = client({ url: "http://127.0.0.1:1024" });
  expect(await nowhere.close("id", "acme", [], "spans")).toEqual({ kind: "unreachable" });
  expect(await nowhere.release("id", "acme")).toEqual({ kind: "unreachable" });
});

test("extend and release speak the reservation API", async () => {
  await client().extend("id-1", "acme", { items, ttlSeconds: 60 });
  expect(await client().release("id-1", "acme")).toEqual({ kind: "done" });
  expect(quota.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
    ["PATCH", "/v1/quota/reservations/id-1", { action: "extend", tenantId: "acme", items, ttlSeconds: 60 }],
    ["DELETE", "/v1/quota/reservations/id-1?tenantId=acme", {}],
  ]);
});
