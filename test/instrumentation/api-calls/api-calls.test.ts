import { Agent, request } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import type { ScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";
import type { RunningApp } from "../start-app.ts";

let receiver: OtlpReceiver;
let provider: ScriptedProvider;
let app: RunningApp;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  provider = await startScriptedProvider();
  app = await startApp({
    env: { QUOTEL_ENDPOINT: receiver.url, QUOTEL_TENANT_HEADER: "X-Tenant-Id", PROVIDER_URL: provider.url },
  });
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  await app.end("SIGKILL");
  await provider.close();
  await receiver.close();
});

const agent = new Agent({ keepAlive: true, maxSockets: 4 });

/** Over a few kept connections, so that requests of different tenants follow each other on one socket. */
function post(path: string, tenant: string, body = "{}"): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "x-tenant-id": tenant, baggage: "quotel.tenant.id=victim" };
    const req = request(app.url + path, { method: "POST", agent, headers }, (res) => {
      res.resume().on("end", () => resolve(res.statusCode ?? 0));
    });
    req.on("error", reject).end(body);
  });
}

test("a request and the provider call it makes are the same tenant's and in the same trace", async () => {
  expect(await post("/chat", "acme")).toBe(200);
  const [call] = await receiver.waitFor("api_call", 1);
  const [chat] = await receiver.waitFor("chat", 1);
  expect(call!.attributes).toMatchObject({
    "quotel.tenant.id": "acme",
    "http.request.method": "POST",
    "http.route": "/chat",
    "http.response.status_code": 200,
  });
  expect(call!.kind).toBe(2);
  expect(chat!.attributes["quotel.tenant.id"]).toBe("acme");
  expect([chat!.traceId, chat!.parentSpanId]).toEqual([call!.traceId, call!.spanId]);
  expect(BigInt(call!.endTimeUnixNano)).toBeGreaterThan(BigInt(call!.startTimeUnixNano));
});

test("concurrent requests on kept connections never mix tenants", async () => {
  const paths = ["/chat", "/raw", "/stream"];
  const requests = Array.from({ length: 240 }, (_, index) => {
    const path = paths[index % 3]!;
    return post(path, `t${index % 20}`, path === "/raw" ? "normal" : "{}");
  });
  expect(new Set(await Promise.all(requests))).toEqual(new Set([200]));
  const chats = await receiver.waitFor("chat", 240);
  const calls = new Map((await receiver.waitFor("api_call", 240)).map((call) => [call.spanId, call]));
  for (const chat of chats) {
    const call = calls.get(chat.parentSpanId!);
    expect(call?.attributes["quotel.tenant.id"]).toBe(chat.attributes["quotel.tenant.id"]);
  }
  for (let tenant = 0; tenant < 20; tenant += 1) {
    expect(chats.filter((chat) => chat.attributes["quotel.tenant.id"] === `t${tenant}`)).toHaveLength(12);
  }
});

test("a tenant set after authentication reaches the request's own event", async () => {
  await post("/login/umbrella", "anyone");
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes).toMatchObject({ "quotel.tenant.id": "umbrella", "http.route": "/login/:tenant" });
});

test("a 4xx is an answered call, a 5xx and a caller who left before any header are failed ones", async () => {
  await fetch(`${app.url}/nowhere`);
  await post("/chat", "acme", JSON.stringify({ user: "overloaded" }));
  await expect(fetch(`${app.url}/hang`, { signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout");
  const calls = await receiver.waitFor("api_call", 3);
  const outcomes = calls.map(({ statusCode, attributes }) => [
    attributes["http.response.status_code"] ?? null,
    statusCode,
    attributes["error.type"] ?? null,
  ]);
  expect(outcomes).toEqual([
    [404, 0, null],
    [500, 2, "500"],
    [null, 2, "aborted"],
  ]);
});

test("the route of a nested router names its mount path and no value", async () => {
  await fetch(`${app.url}/users/17`);
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes["http.route"]).toBe("/users/:id");
});

test("an invalid tenant is ignored and warned about once", async () => {
  await post("/chat", "no spaces allowed");
  await post("/chat", "unattributed");
  const calls = await receiver.waitFor("api_call", 2);
  for (const call of calls) expect(call.attributes).not.toHaveProperty("quotel.tenant.id");
  expect(app.stderr().match(/QUOTEL_TENANT_INVALID/g)).toHaveLength(1);
});

test("usage is on its way within a fraction of a second", async () => {
  const startedAt = performance.now();
  await post("/chat", "acme");
  await receiver.waitFor("chat", 1);
  expect(performance.now() - startedAt).toBeLessThan(1_000);
});
