import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import type { QuotaItem } from "@quotel/conventions";
import { startOtlpReceiver } from "./otlp-receiver.ts";
import type { OtlpReceiver, ReceivedSpan } from "./otlp-receiver.ts";
import { startScriptedProvider } from "./providers/scripted-provider.ts";
import type { ScriptedProvider } from "./providers/scripted-provider.ts";
import { decision, startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";
import { startApp } from "./start-app.ts";
import type { RunningApp } from "./start-app.ts";

let receiver: OtlpReceiver;
let provider: ScriptedProvider;
let quota: ScriptedQuotaService;
let app: RunningApp;
const extraApps: RunningApp[] = [];
let env: Record<string, string>;

beforeAll(async () => {
  receiver = await startOtlpReceiver();
  provider = await startScriptedProvider();
  quota = await startScriptedQuotaService();
  env = {
    QUOTEL_ENDPOINT: receiver.url,
    QUOTEL_TENANT_HEADER: "x-tenant-id",
    QUOTEL_QUOTA_URL: quota.url,
    QUOTEL_SERVICE_KEY: "service-key",
    PROVIDER_URL: provider.url,
    ENFORCE: "429",
  };
  app = await startApp({ env });
});
beforeEach(() => {
  receiver.spans.length = 0;
  quota.requests.length = 0;
  quota.script = () => null;
});
afterEach(async () => {
  for (const extra of extraApps.splice(0)) await extra.end("SIGKILL");
});
afterAll(async () => {
  await app.end("SIGKILL");
  await Promise.all([provider.close(), receiver.close(), quota.close()]);
});

function post(path: string, body: unknown = {}, url = app.url): Promise<Response> {
  const headers = { "content-type": "application/json", "x-tenant-id": "acme" };
  return fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
}

/** What the collector counts for spans, by the rules of its normaliser. */
function countedBy(spans: readonly ReceivedSpan[]): Record<string, number> {
  const totals: Record<string, number> = {};
  const add = (resource: string, amount: number) => (totals[resource] = (totals[resource] ?? 0) + amount);
  for (const { attributes, statusCode } of spans) {
    const tokens =
      Number(attributes["gen_ai.usage.input_tokens"] ?? 0) + Number(attributes["gen_ai.usage.output_tokens"] ?? 0);
    const ok = statusCode === 2 ? 0 : 1;
    if (attributes["quotel.event.type"] === "api_call") add("api_calls", attributes["quotel.status"] ? 0 : 1);
    if (attributes["quotel.event.type"] === "chat") add("chat_messages", ok);
    if (attributes["quotel.event.type"] === "embedding") add("embeddings", ok);
    if (attributes["quotel.event.type"] === "embedding") add("embedding_tokens", tokens);
    if (tokens > 0) add("tokens", tokens);
  }
  return totals;
}
function amounts(items: readonly QuotaItem[] | undefined): Record<string, number> {
  return Object.fromEntries((items ?? []).map(({ resource, amount }) => [resource, amount]));
}

test("a request holds an upper bound before the work, under an id that all its spans carry", async () => {
  const body = { messages: [{ role: "user", content: "Grüße" }], max_tokens: 50 };
  expect((await post("/chat", body)).status).toBe(200);
  const [reserve] = await quota.waitFor("POST", 1);
  expect(reserve!.path).toBe("/v1/quota/reservations");
  expect(reserve!.authorization).toBe("Bearer service-key");
  expect(reserve!.body["tenantId"]).toBe("acme");
  expect(reserve!.body["reservationId"]).toMatch(
    /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const bytes = Buffer.byteLength(JSON.stringify(body.messages));
  expect(amounts(reserve!.body.items)).toEqual({ api_calls: 1, chat_messages: 1, tokens: 50 + bytes });
  await receiver.waitFor("chat", 1);
  await receiver.waitFor("api_call", 1);
  for (const span of receiver.spans) {
    expect(span.attributes["quotel.reservation.id"]).toBe(reserve!.body["reservationId"]);
  }
});

test.each([
  ["/chat", {}, 1],
  ["/chat", { user: "fails_once", seed: 77 }, 2],
  ["/chat", { user: "overloaded" }, 2],
  ["/stream", {}, 1],
  ["/left", {}, 1],
] as const)("a hold is closed at exactly what the spans of the work add up to: %s %o", async (path, body, attempts) => {
  await post(path, body).then((res) => res.text());
  const [close] = await quota.waitFor("PATCH", 1);
  await receiver.waitFor("chat", attempts);
  await receiver.waitFor("api_call", 1);
  expect(close!.path).toBe(`/v1/quota/reservations/${String(quota.of("POST")[0]!.body["reservationId"])}`);
  expect(close!.body).toMatchObject({ action: "close", tenantId: "acme", settle: "spans" });
  expect(amounts(close!.body.items)).toEqual({
    api_calls: 1,
    chat_messages: 0,
    tokens: 0,
    ...countedBy(receiver.spans),
  });
});

test("an embedding route holds one embedding and closes at its input tokens", async () => {
  await post("/embed", { input: "Hello" });
  const [close] = await quota.waitFor("PATCH", 1);
  expect(amounts(quota.of("POST")[0]!.body.items)).toEqual({ api_calls: 1, embeddings: 1, tokens: 5 });
  expect(amounts(close!.body.items)).toEqual({ api_calls: 1, embeddings: 1, embedding_tokens: 7, tokens: 7 });
  await receiver.waitFor("api_call", 1);
  expect(countedBy(receiver.spans)).toEqual(amounts(close!.body.items));
});

test("a denied request does no work and answers with the limits it met", async () => {
  const headers = {
    "retry-after": "3600",
    ratelimit: '"tokens";r=0;t=3600',
    "x-ratelimit-limit": "10000",
    "x-secret": "1",
  };
  quota.script = ({ body }) => ({ status: 429, body: decision(body, false), headers });
  const attempts = provider.ledger.attempts;
  const response = await post("/chat");
  expect(response.status).toBe(429);
  expect(await response.json()).toEqual({
    error: {
      code: "USAGE_LIMIT_EXCEEDED",
      message: "Usage limit reached: tokens per day",
      details: { current_usage: { tokens: 9_900 }, limits: { tokens: 10_000 } },
    },
  });
  expect(response.headers.get("retry-after")).toBe("3600");
  expect(response.headers.get("ratelimit")).toBe('"tokens";r=0;t=3600');
  expect(response.headers.get("x-ratelimit-limit")).toBe("10000");
  expect(response.headers.get("x-secret")).toBeNull();
  expect(provider.ledger.attempts).toBe(attempts);
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes["quotel.status"]).toBe("rate_limited");
  expect(call!.attributes).not.toHaveProperty("quotel.reservation.id");
  expect(quota.of("PATCH")).toHaveLength(0);
});

test("a denial can be answered with 403", async () => {
  quota.script = ({ body }) => ({ status: 429, body: decision(body, false) });
  const strict = await startApp({ env: { ...env, ENFORCE: "403" } });
  extraApps.push(strict);
  expect((await post("/chat", {}, strict.url)).status).toBe(403);
});

test("a tenant that is not registered is refused, and other objections of the service are not the tenant's fault", async () => {
  quota.script = () => ({ status: 404, body: { error: { code: "TENANT_NOT_FOUND", message: "unknown" } } });
  expect((await post("/chat")).status).toBe(403);
  quota.script = () => ({ status: 401, body: { error: { code: "UNAUTHORIZED", message: "wrong key" } } });
  expect((await post("/chat")).status).toBe(200);
  await receiver.waitFor("api_call", 2);
  expect(quota.of("PATCH")).toHaveLength(0);
  expect(app.stderr()).toContain("QUOTEL_RESERVE_REJECTED");
});

test("a request without a tenant is refused before it costs anything", async () => {
  const response = await fetch(`${app.url}/chat`, { method: "POST" });
  expect(response.status).toBe(401);
  expect(quota.requests).toHaveLength(0);
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes["quotel.status"]).toBe("rate_limited");
});

test("a service that does not answer lets the work happen, and its spans still name the hold that may exist", async () => {
  quota.script = ({ method }) => (method === "POST" ? "silence" : null);
  const startedAt = performance.now();
  expect((await post("/chat")).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  const [chat] = await receiver.waitFor("chat", 1);
  const id = quota.of("POST")[0]!.body["reservationId"];
  expect(chat!.attributes["quotel.reservation.id"]).toBe(id);
  const [close] = await quota.waitFor("PATCH", 1);
  expect(close!.path).toContain(String(id));
});

test("a caller who leaves while the decision is pending causes no work and leaves no hold", async () => {
  quota.script = ({ method }) => (method === "POST" ? "silence" : null);
  const attempts = provider.ledger.attempts;
  const init = { method: "POST", headers: { "x-tenant-id": "acme" }, signal: AbortSignal.timeout(100) };
  await expect(fetch(`${app.url}/chat`, init)).rejects.toThrow("timeout");
  const [release] = await quota.waitFor("DELETE", 1);
  expect(release!.path).toContain(String(quota.of("POST")[0]!.body["reservationId"]));
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes).not.toHaveProperty("quotel.reservation.id");
  expect(provider.ledger.attempts).toBe(attempts);
});

test("a close is repeated until the service has taken it", async () => {
  let refusals = 2;
  quota.script = ({ method }) => (method === "PATCH" && refusals-- > 0 ? { status: 503, body: {} } : null);
  await post("/chat");
  const closes = await quota.waitFor("PATCH", 3);
  expect(new Set(closes.map((close) => JSON.stringify(close.body))).size).toBe(1);
  await receiver.waitFor("api_call", 1);
});

test("an ending app still closes its holds", async () => {
  const ending = await startApp({ env });
  await post("/chat", {}, ending.url);
  await ending.end("SIGTERM");
  expect(quota.of("PATCH")).toHaveLength(1);
});

test("fifty concurrent requests close fifty holds at what was metered under each", async () => {
  await Promise.all(
    Array.from({ length: 50 }, (_, index) => post(index % 2 ? "/chat" : "/left").then((r) => r.text())),
  );
  const closes = await quota.waitFor("PATCH", 50);
  await receiver.waitFor("api_call", 50);
  await receiver.waitFor("chat", 50);
  for (const close of closes) {
    const id = close.path.split("/").at(-1);
    const spans = receiver.spans.filter((span) => span.attributes["quotel.reservation.id"] === id);
    expect(amounts(close.body.items)).toEqual(countedBy(spans));
  }
});

test("under a lease requests are admitted without asking, and the lease is closed at what its spans add up to", async () => {
  quota.script = ({ path, body }) => {
    if (!path.endsWith("/leases")) return null;
    return { status: 201, body: { ...decision(body, true), expiresAt: "2026-01-01T00:00:30.000Z" } };
  };
  const leasing = await startApp({ env: { ...env, LEASES: "1" } });
  extraApps.push(leasing);
  const leasesOf = () => quota.of("POST").filter(({ path }) => path.endsWith("/leases"));
  await post("/chat", {}, leasing.url);
  await expect.poll(() => leasesOf().length).toBe(1);
  const id = String(leasesOf()[0]!.body["reservationId"]);
  const before = quota.of("POST").length;
  for (const path of ["/chat", "/left", "/stream"]) await post(path, {}, leasing.url).then((res) => res.text());
  expect(quota.of("POST").length).toBe(before);
  const spansOf = () => receiver.spans.filter((span) => span.attributes["quotel.reservation.id"] === id);
  await expect.poll(() => spansOf().length).toBe(6);
  await leasing.end("SIGTERM");
  const close = quota.of("PATCH").find(({ path }) => path.endsWith(id));
  expect(amounts(close!.body.items)).toEqual(countedBy(spansOf()));
});
