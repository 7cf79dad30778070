import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { LeasedQuota, QuotaClient, currentTenant, recordUsage, withUsageEnforcement } from "@quotel/instrumentation";
import { createMeter } from "../../instrumentation/src/metering/meter.ts";
import { metering } from "../../instrumentation/src/process/metering.ts";
import { decision, startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

let quota: ScriptedQuotaService;
beforeAll(async () => {
  quota = await startScriptedQuotaService();
  const endpoint = new URL("http://127.0.0.1:1024");
  metering().meter = createMeter({ endpoint, ingestKey: null, serviceName: "test" });
});
beforeEach(() => {
  quota.requests.length = 0;
  quota.script = () => null;
});
afterAll(async () => {
  metering().meter?.stop();
  await quota.close();
});

const items = () => [{ resource: "tokens", amount: 50 }];
const request = () => new Request("http://app/chat", { method: "POST" });
const options = (tenant: string | null) => ({
  items,
  tenant: () => tenant,
  client: new QuotaClient({ url: quota.url }, {}),
});

test("a fetch handler runs under a reservation of its tenant's, closed at the true totals when its stream has ended", async () => {
  const handle = withUsageEnforcement(async () => {
    recordUsage({ resource: "tokens", amount: 7 });
    return new Response(new Blob([currentTenant() ?? "nobody"]).stream(), { status: 201, headers: { "x-a": "b" } });
  }, options("acme"));
  const response = await handle(request());
  expect(quota.of("PATCH")).toEqual([]);
  expect([response.status, response.headers.get("x-a"), await response.text()]).toEqual([201, "b", "acme"]);
  const [close] = await quota.waitFor("PATCH", 1);
  expect(close!.body).toMatchObject({ action: "close", items: [{ resource: "tokens", amount: 7 }] });
});

test("a caller who leaves a fetch handler's stream ends its reservation, too", async () => {
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(10)) });
  const response = await withUsageEnforcement(() => new Response(endless), options("acme"))(request());
  await response.body!.cancel();
  expect(await quota.waitFor("PATCH", 1)).toHaveLength(1);
});

test("over its limits a fetch handler does not run, and the caller is told the figures", async () => {
  quota.script = ({ body }) => ({ status: 429, body: decision(body, false), headers: { "retry-after": "5" } });
  const response = await withUsageEnforcement(() => new Response("ran"), options("acme"))(request());
  expect([response.status, response.headers.get("retry-after")]).toEqual([429, "5"]);
  expect(await response.json()).toMatchObject({
    error: { code: "USAGE_LIMIT_EXCEEDED", details: { limits: { tokens: 10_000 } } },
  });
});

test("a fetch handler of no tenant does not run, and one that throws ends its reservation", async () => {
  expect((await withUsageEnforcement(() => new Response("ran"), options(null))(request())).status).toBe(401);
  const failing = withUsageEnforcement(() => Promise.reject(new Error("the app's own")), options("acme"));
  await expect(failing(request())).rejects.toThrow("the app's own");
  expect(await quota.waitFor("PATCH", 1)).toHaveLength(1);
});

test("fetch handlers take leases as the middleware does: what a lease covers asks nobody", async () => {
  quota.script = ({ path, body }) => {
    if (!path.endsWith("/leases")) return null;
    return { status: 201, body: { ...decision(body, true), expiresAt: "2026-01-01T00:00:30.000Z" } };
  };
  const shared = options("acme");
  const leases = new LeasedQuota({ client: shared.client });
  const handle = withUsageEnforcement(() => new Response("ran"), { ...shared, leases });
  const ask = async () => (await handle(request())).text();
  await ask();
  await quota.waitFor("POST", 2);
  await expect.poll(async () => [await ask(), leases.counters.underLease > 0]).toEqual(["ran", true]);
  const before = quota.of("POST").length;
  await ask();
  expect(quota.of("POST")).toHaveLength(before);
  await leases.close();
});
