import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver } from "./otlp-receiver.ts";
import { startScriptedProvider } from "./providers/scripted-provider.ts";
import type { ScriptedProvider } from "./providers/scripted-provider.ts";
import { startApp } from "./start-app.ts";

let receiver: OtlpReceiver;
let provider: ScriptedProvider;
let env: Record<string, string>;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  provider = await startScriptedProvider();
  env = { QUOTEL_ENDPOINT: receiver.url, QUOTEL_INGEST_KEY: "ingest-key", PROVIDER_URL: provider.url };
});
beforeEach(() => {
  receiver.spans.length = 0;
  receiver.requests.length = 0;
  receiver.script = () => null;
});
afterAll(async () => {
  await provider.close();
  await receiver.close();
});

function chat(url: string, headers: Record<string, string> = {}) {
  const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body: "{}" };
  return fetch(`${url}/chat`, init);
}

test("the built package meters an app and delivers everything when the app ends by itself", async () => {
  const app = await startApp({ env: { ...env, QUOTEL_SERVICE_NAME: "chat-api" }, built: true });
  expect((await chat(app.url)).status).toBe(200);
  const end = await app.end("finish");
  expect(end).toMatchObject({ code: 0, signal: null });
  expect([receiver.of("chat").length, receiver.of("api_call").length]).toEqual([1, 1]);
  const [request] = receiver.requests;
  expect(request!.headers["authorization"]).toBe("Bearer ingest-key");
  expect(request!.headers["quotel-sent-at-unix-nano"]).toMatch(/^\d{19}$/);
  expect(request!.body).toContain('"service.name","value":{"stringValue":"chat-api"}');
  expect(request!.body).not.toContain("Hello");
});

test.each(["SIGTERM", "SIGINT"] as const)(
  "an app without a handler delivers its usage and still dies of %s",
  async (signal) => {
    const app = await startApp({ env });
    await chat(app.url);
    expect(await app.end(signal)).toMatchObject({ code: null, signal });
    expect([receiver.of("chat").length, receiver.of("api_call").length]).toEqual([1, 1]);
  },
);

test("a collector that is away delays an exit by little more than a second", async () => {
  receiver.script = () => ({ status: 503 });
  const app = await startApp({ env });
  await chat(app.url);
  const { signal, ms } = await app.end("SIGTERM");
  expect(signal).toBe("SIGTERM");
  expect(ms).toBeLessThan(3_000);
});

test("a tenant header is not trusted unless it is configured", async () => {
  const app = await startApp({ env });
  await chat(app.url, { "x-tenant-id": "acme" });
  await app.end("SIGTERM");
  expect(receiver.of("chat")).toHaveLength(1);
  expect(receiver.of("chat")[0]!.attributes).not.toHaveProperty("quotel.tenant.id");
});

test("OTEL_ variables neither switch metering off nor redirect it", async () => {
  const app = await startApp({
    env: {
      ...env,
      OTEL_SDK_DISABLED: "true",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    },
  });
  await chat(app.url);
  await app.end("SIGTERM");
  expect(receiver.of("chat")).toHaveLength(1);
});

test("hosts can be left out of metering", async () => {
  const app = await startApp({ env: { ...env, QUOTEL_METER_HOSTS: "!127.0.0.1" } });
  await chat(app.url);
  await app.end("SIGTERM");
  expect([receiver.of("chat").length, receiver.of("api_call").length]).toEqual([0, 1]);
});

test("an app whose copy of the package is not the registered one shares its tenant with it", async () => {
  const registerFrom = new URL("../../instrumentation/dist/register.js", import.meta.url).href;
  const app = await startApp({ env, registerFrom });
  await fetch(`${app.url}/login/umbrella`, { method: "POST" });
  await app.end("SIGTERM");
  expect(receiver.of("api_call").map((span) => span.attributes["quotel.tenant.id"])).toEqual(["umbrella"]);
});

test("a wrong setting is reported with every problem and the app runs unmetered", async () => {
  const app = await startApp({
    env: { ...env, QUOTEL_ENDPOINT: "nonsense", QUOTEL_TENANT_HEADER: "a b", QUOTEL_SPOOL_MAX_MIB: "-1" },
  });
  expect((await chat(app.url)).status).toBe(200);
  await app.end("SIGTERM");
  expect(app.stderr()).toMatch(
    /nothing is metered: QUOTEL_ENDPOINT .*; QUOTEL_TENANT_HEADER .*; QUOTEL_SPOOL_MAX_MIB /,
  );
  expect(receiver.requests).toHaveLength(0);
});
