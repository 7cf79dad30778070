import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver, ReceivedSpan } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import type { ScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";
import type { StartOptions } from "../start-app.ts";

const REGISTER_OTEL = "@quotel/instrumentation/register-otel";
const ROOT = resolve(import.meta.dirname, "../../..");

let collector: OtlpReceiver;
let backend: OtlpReceiver;
let provider: ScriptedProvider;

beforeAll(async () => {
  [collector, backend, provider] = await Promise.all([
    startOtlpReceiver(),
    startOtlpReceiver(),
    startScriptedProvider(),
  ]);
});
afterEach(() => {
  collector.spans.length = 0;
  backend.spans.length = 0;
  provider.reset();
});
afterAll(() => Promise.all([collector.close(), backend.close(), provider.close()]));

/** Starts an app, has it answer one request of tenant acme and ends it; resolves to what it wrote to stderr. */
async function runOnce(options: Partial<StartOptions>): Promise<string> {
  const app = await startApp({
    imports: [REGISTER_OTEL],
    ...options,
    env: {
      PROVIDER_URL: provider.url,
      QUOTEL_ENDPOINT: collector.url,
      QUOTEL_TENANT_HEADER: "x-tenant",
      OTEL_EXPORTER_OTLP_ENDPOINT: backend.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      ...options.env,
    },
  });
  const headers = { "content-type": "application/json", "x-tenant": "acme" };
  expect((await fetch(`${app.url}/chat`, { method: "POST", headers, body: "{}" })).status).toBe(200);
  expect(await app.end("finish")).toMatchObject({ code: 0 });
  return app.stderr();
}

/** The one span of this kind (on the wire) and name. */
function spanOf(kind: number, name: string): ReceivedSpan {
  const found = backend.spans.filter((span) => span.kind === kind && span.name === name);
  expect(found, backend.spans.map((span) => `${span.kind} ${span.name}`).join(", ")).toHaveLength(1);
  return found[0]!;
}

test.each([
  ["ES modules", new URL("../fixture-app.ts", import.meta.url)],
  ["CommonJS modules", new URL("./apps/common-js.cjs", import.meta.url)],
])(
  "register-otel traces an app of %s: server, route, model call and fetch in one trace, with the tenant",
  async (_what, file) => {
    expect(await runOnce({ file })).toBe("");
    const server = spanOf(2, "POST /chat");
    const [apiCall] = collector.of("api_call");
    expect(server.attributes).toMatchObject({
      "http.route": "/chat",
      "quotel.tenant.id": "acme",
      "quotel.counted": false,
      "quotel.event.span_id": apiCall!.spanId,
    });
    const chat = spanOf(3, "chat m");
    expect(chat.attributes).toMatchObject({
      "quotel.tenant.id": "acme",
      "quotel.counted": false,
      "quotel.event.span_id": collector.of("chat")[0]!.spanId,
    });
    const fetched = spanOf(3, "POST");
    expect(fetched.attributes).toMatchObject({ "quotel.tenant.id": "acme" });
    expect(new Set(backend.spans.map(({ traceId }) => traceId))).toEqual(new Set([server.traceId]));
  },
);

test("OTEL_SDK_DISABLED switches off what register-otel traces, and nothing that it meters", async () => {
  expect(await runOnce({ env: { OTEL_SDK_DISABLED: "true" } })).toBe("");
  expect(backend.spans).toEqual([]);
  expect([collector.of("chat").length, collector.of("api_call").length]).toEqual([1, 1]);
});

test("register-otel without OpenTelemetry's packages says how to install them, and meters", async () => {
  const folder = await mkdtemp(join(tmpdir(), "quotel-no-peers-"));
  for (const room of ["conventions", "instrumentation"]) {
    const installed = join(folder, "node_modules/@quotel", room);
    await cp(join(ROOT, room, "package.json"), join(installed, "package.json"));
    await cp(join(ROOT, room, "dist"), join(installed, "dist"), { recursive: true });
  }
  const registerOtel = join(folder, "node_modules/@quotel/instrumentation/dist/register-otel.js");
  const stderr = await runOnce({
    built: true,
    imports: [registerOtel],
    file: new URL("./apps/common-js.cjs", import.meta.url),
  });
  await rm(folder, { recursive: true });
  expect(stderr).toContain("QUOTEL_REGISTER_OTEL");
  expect(stderr).toContain("npm install @opentelemetry/api @opentelemetry/sdk-node");
  expect([collector.of("chat").length, collector.of("api_call").length]).toEqual([1, 1]);
});
