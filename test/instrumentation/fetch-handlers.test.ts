import { once } from "node:events";
import type { AddressInfo } from "node:net";

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import type { QuotaItem } from "@quotel/conventions";
import { QuotaClient, withUsageEnforcement } from "@quotel/instrumentation";
import { startScriptedQuotaService } from "./scripted-quota-service.ts";
import type { ScriptedQuotaService } from "./scripted-quota-service.ts";

let quota: ScriptedQuotaService;
beforeAll(async () => void (quota = await startScriptedQuotaService()));
beforeEach(() => void (quota.requests.length = 0));
afterAll(() => quota.close());

const options = () => ({ tenant: () => "acme", client: new QuotaClient({ url: quota.url }, {}) });
const asJson = { "content-type": "application/json" };

/** Names its items when the caller has left, whom it makes leave: by then the request is in the midst of being admitted. */
function itemsOnceLeft(caller: AbortController) {
  return ({ signal }: Request): Promise<readonly QuotaItem[]> =>
    new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve([{ resource: "tokens", amount: 50 }]));
      caller.abort();
    });
}

/** Serves `fetch` by Hono's server on a port of its own while `work` runs. */
async function served(fetch: (request: Request) => Response | Promise<Response>, work: (url: string) => Promise<void>) {
  const server = serve({ fetch, port: 0, hostname: "127.0.0.1" });
  await once(server, "listening");
  await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await new Promise((resolve) => server.close(resolve));
}

test("under Hono a request asks by default for a call, a message and the tokens its JSON allows, and can still be read", async () => {
  const app = new Hono().post("/chat", async (c) => c.json({ said: await c.req.json<unknown>() }));
  const chat = { messages: [{ role: "user", content: "Grüße" }], max_tokens: 50 };
  await served(withUsageEnforcement(app.fetch, options()), async (url) => {
    const response = await fetch(`${url}/chat`, { method: "POST", headers: asJson, body: JSON.stringify(chat) });
    expect(await response.json()).toEqual({ said: chat });
  });
  expect(quota.of("POST")[0]!.body.items).toEqual([
    { resource: "api_calls", amount: 1 },
    { resource: "chat_messages", amount: 1 },
    { resource: "tokens", amount: 50 + Buffer.byteLength(JSON.stringify(chat.messages)) },
  ]);
  expect(await quota.waitFor("PATCH", 1)).toHaveLength(1);
});

test("under Hono a caller who leaves while the service is asked is not worked for, and the hold is given up", async () => {
  let ran = 0;
  const app = new Hono().post("/chat", (c) => c.text(`ran ${++ran}`));
  const caller = new AbortController();
  const handle = withUsageEnforcement(app.fetch, { ...options(), items: itemsOnceLeft(caller) });
  await served(handle, async (url) => {
    const asked = fetch(`${url}/chat`, { method: "POST", signal: caller.signal });
    await expect(asked).rejects.toThrow("aborted");
    await quota.waitFor("DELETE", 1);
  });
  const { path } = quota.of("DELETE")[0]!;
  expect(path).toContain(String(quota.of("POST")[0]!.body["reservationId"]));
  expect([ran, quota.of("PATCH")]).toEqual([0, []]);
});

test("a handler as Next.js has them keeps its second argument, and its hold is given up when its caller has gone", async () => {
  const handle = async (request: Request, { params }: { readonly params: Promise<{ readonly id: string }> }) =>
    Response.json({ id: (await params).id, method: request.method });
  const context = { params: Promise.resolve({ id: "17" }) };
  const answered = await withUsageEnforcement(handle, options())(new Request("http://app/chats/17"), context);
  expect(await answered.json()).toEqual({ id: "17", method: "GET" });
  expect(await quota.waitFor("PATCH", 1)).toHaveLength(1);

  const caller = new AbortController();
  const request = new Request("http://app/chats/17", { method: "POST", signal: caller.signal });
  const left = withUsageEnforcement(handle, { ...options(), items: itemsOnceLeft(caller) })(request, context);
  expect((await left).status).toBe(499);
  expect(await quota.waitFor("DELETE", 1)).toHaveLength(1);
  expect(quota.of("PATCH")).toHaveLength(1);
});

test("by default a fetch handler's body that is no JSON stands for the input by its length, and broken JSON is the handler's", async () => {
  const handle = withUsageEnforcement(async (request: Request) => new Response(await request.text()), options());
  const tokensAsked = () =>
    quota
      .of("POST")
      .at(-1)!
      .body.items!.find(({ resource }) => resource === "tokens")!.amount;
  const post = async (body: string, type: string) => {
    const headers = { "content-type": type, "content-length": String(body.length) };
    return (await handle(new Request("http://app/chat", { method: "POST", headers, body }))).text();
  };
  expect([await post("x".repeat(300), "text/plain"), tokensAsked()]).toEqual(["x".repeat(300), 1_024 + 300]);
  expect([await post("{broken", "application/json"), tokensAsked()]).toEqual(["{broken", 1_024 + 7]);
});

test("by default a body of unknown length is read up to a mebibyte beforehand, and the handler still gets all of it", async () => {
  const text = JSON.stringify({ messages: [{ role: "user", content: "x".repeat(3 * 1024 * 1024) }] });
  const handle = withUsageEnforcement(
    async (request) => new Response(String((await request.text()).length)),
    options(),
  );
  const chunks = Array.from({ length: Math.ceil(text.length / 65_536) }, (_, n) =>
    text.slice(n * 65_536, (n + 1) * 65_536),
  );
  const body = ReadableStream.from(chunks.map((chunk) => Buffer.from(chunk)));
  const request = new Request("http://app.test/chat", { method: "POST", headers: asJson, body, duplex: "half" });
  expect(await (await handle(request)).text()).toBe(String(text.length));
  const { amount } = quota.of("POST")[0]!.body.items!.find((item) => item.resource === "tokens")!;
  expect(amount).toBeGreaterThan(1_048_576);
  expect(amount).toBeLessThan(1_300_000);
});
