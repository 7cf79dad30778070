import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { apiKeyMap, firstOf, tenantFromHeader } from "../../../instrumentation/src/index.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import type { ScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";

let receiver: OtlpReceiver;
let provider: ScriptedProvider;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  provider = await startScriptedProvider();
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  await provider.close();
  await receiver.close();
});

/** Starts the app, posts to `/chat` and gives the tenants of the request's and the call's event. */
async function tenantsOf(env: Record<string, string>, headers: Record<string, string>) {
  const file = new URL("./apps/resolving.ts", import.meta.url);
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, PROVIDER_URL: provider.url, ...env } });
  const response = await fetch(`${app.url}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: "{}",
  });
  const [call] = await receiver.waitFor("api_call", 1);
  const [chat] = await receiver.waitFor("chat", 1);
  await app.end("SIGKILL");
  const tenants = [call, chat].map((span) => span!.attributes["quotel.tenant.id"]);
  return { status: response.status, tenants, stderr: app.stderr() };
}

test("what is recorded before a slow resolver has answered is the tenant's that it finds", async () => {
  const found = await tenantsOf({ RESOLVER: "slow-keys" }, { authorization: "Bearer sk-1", "x-tenant": "other" });
  expect(found).toMatchObject({ status: 200, tenants: ["acme", "acme"] });
});

test("a resolver that never answers costs the tenant of the events and nothing else", async () => {
  const { status, tenants, stderr } = await tenantsOf({ RESOLVER: "never" }, {});
  expect([status, tenants]).toEqual([200, [undefined, undefined]]);
  expect(stderr.match(/QUOTEL_TENANT_SLOW/g)).toHaveLength(1);
});

test("a resolver that throws costs the tenant of the events and nothing else", async () => {
  const { status, tenants, stderr } = await tenantsOf({ RESOLVER: "throws" }, {});
  expect([status, tenants]).toEqual([200, [undefined, undefined]]);
  expect(stderr.match(/QUOTEL_TENANT_RESOLVER/g)).toHaveLength(1);
});

test.each(["express", "fastify"])(
  "tenantFrom names the tenant of a request to %s, late answers too",
  async (framework) => {
    const env = { FRAMEWORK: framework };
    expect((await tenantsOf(env, { "x-user-org": "umbrella" })).tenants).toEqual(["umbrella", "umbrella"]);
    receiver.spans.length = 0;
    expect((await tenantsOf(env, { "x-user-org": "late", "x-late": "1" })).tenants).toEqual(["late", "late"]);
    receiver.spans.length = 0;
    expect(await tenantsOf(env, { "x-user-org": "broken" })).toMatchObject({
      status: 200,
      tenants: [undefined, undefined],
    });
  },
);

const request = (headers: Record<string, string>) => ({ headers });

test("an API key names the tenant it is of, an unknown or inherited name none", () => {
  const resolve = apiKeyMap({ "sk-1": "acme", "sk-2": "umbrella" });
  expect(resolve(request({ authorization: "Bearer sk-2" }))).toBe("umbrella");
  expect(resolve(request({ "x-api-key": "sk-1" }))).toBe("acme");
  for (const key of ["", "sk-3", "toString", "__proto__"]) expect(resolve(request({ "x-api-key": key }))).toBeNull();
});

test("found keys are looked up once while they are remembered, unknown ones each time, and memory is bounded", async () => {
  const asked: string[] = [];
  const lookUp = (key: string) => {
    asked.push(key);
    return Promise.resolve(key.startsWith("sk") ? `t-${key}` : null);
  };
  const resolve = apiKeyMap(lookUp, { cacheMax: 2 });
  for (const key of ["sk-1", "sk-1", "no", "no", "sk-2", "sk-3", "sk-1"]) await resolve(request({ "x-api-key": key }));
  expect(asked).toEqual(["sk-1", "no", "no", "sk-2", "sk-3", "sk-1"]);
});

test("the first resolver that names a tenant decides, and one that fails ends the search", async () => {
  const header = tenantFromHeader("X-Tenant");
  const req = request({ "x-tenant": "acme" });
  expect(firstOf(() => null, header)(req)).toBe("acme");
  expect(firstOf(() => "first", header)(req)).toBe("first");
  expect(await firstOf(() => Promise.resolve(null), header)(req)).toBe("acme");
  await expect(firstOf(() => Promise.reject(new Error("away")), header)(req)).rejects.toThrow("away");
});
