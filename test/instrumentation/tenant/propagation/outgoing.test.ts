import { get, request } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";

import { withTenant } from "../../../../instrumentation/src/index.ts";
import { parseHostRules } from "../../../../instrumentation/src/tap/host-rules.ts";
import { installPropagation } from "../../../../instrumentation/src/tenant/propagation/propagation.ts";
import { judgeSigned } from "../../../../instrumentation/src/tenant/propagation/signed-tenant.ts";
import { startEchoServer } from "./echo-server.ts";
import type { Arrived, EchoServer } from "./echo-server.ts";

const KEYS = ["the first secret of at least 32 characters", "an older secret of at least 32 characters"] as const;

/** One machine under two names, of which the first is told tenants. */
let server: EchoServer;
let told: string;
let untold: string;
let uninstall = () => {};
beforeAll(async () => {
  server = await startEchoServer();
  told = `http://127.0.0.1:${server.port}`;
  untold = `http://localhost:${server.port}`;
});
beforeEach(() => {
  server.arrived.length = 0;
  install("127.0.0.1");
});
afterEach(() => uninstall());
afterAll(() => server.close());

function install(hosts: string): void {
  uninstall();
  const parsed = parseHostRules(hosts);
  if (parsed.kind === "invalid") throw new Error(parsed.problem);
  uninstall = installPropagation({ hosts: parsed.rules, keys: KEYS, audience: null });
}

/** The tenant that the header of a request proves to the server it came to; undefined: it has none. */
function provenBy({ headers }: Arrived): string | undefined {
  const header = headers["quotel-tenant"];
  if (header === undefined) return undefined;
  const verdict = judgeSigned(String(header), { keys: [KEYS[0]], hosts: ["127.0.0.1"] }, Date.now() / 1000);
  return verdict.kind === "signed" ? verdict.tenantId : verdict.reason;
}
const proven = () => server.arrived.map(provenBy);

const byFetch = async (url: string, init?: RequestInit) => (await fetch(url, init)).text();
const byHttp = (url: string, options: RequestOptions = {}) =>
  new Promise<IncomingMessage>((resolve, reject) => get(url, options, resolve).on("error", reject)).then(text);

test.each([
  ["fetch", byFetch],
  ["node:http", byHttp],
])("%s tells the tenant, signed, to hosts that are named and to no others", async (_client, ask) => {
  await withTenant("acme", () => ask(told));
  await withTenant("acme", () => ask(untold));
  await ask(told);
  expect(proven()).toEqual(["acme", undefined, undefined]);
});

test.each([
  ["fetch", byFetch],
  ["node:http", byHttp],
])("%s sends no tenant header that an app has set, or was sent and passes on", async (_client, ask) => {
  const headers = { "Quotel-Tenant": "v1;1;victim;x", "x-other": "kept" };
  await ask(told, { headers });
  await ask(untold, { headers });
  await withTenant("acme", () => ask(told, { headers }));
  expect(proven()).toEqual([undefined, undefined, "acme"]);
  expect(server.arrived.map((one) => one.headers["x-other"])).toEqual(["kept", "kept", "kept"]);
});

test("a redirect to another host takes no tenant along, one to a named host has a header of its own", async () => {
  const body = "the body goes along";
  const post = (url: string) => withTenant("acme", () => byFetch(url, { method: "POST", body }));
  expect(await post(`${told}/to/${encodeURIComponent(`${untold}/there`)}`)).toBe(body);
  expect(proven()).toEqual(["acme", undefined]);
  server.arrived.length = 0;
  await post(`${told}/to/${encodeURIComponent(`${told}/there`)}`);
  expect(proven()).toEqual(["acme", "acme"]);
});

test("who is not told a tenant cannot send the request on to somebody who is", async () => {
  const back = `${untold}/to/${encodeURIComponent(`${told}/there`)}`;
  await withTenant("acme", () => byFetch(`${told}/to/${encodeURIComponent(back)}`));
  await withTenant("acme", () => byFetch(back));
  expect(proven()).toEqual(["acme", undefined, undefined, undefined, undefined]);
});

test("requests that wait for connections are each told their own tenant", async () => {
  await byFetch(told);
  server.arrived.length = 0;
  // Node's fetch has its agent here, and exports no other.
  const { constructor } = Reflect.get(globalThis, Symbol.for("undici.globalDispatcher.1")) as {
    constructor: new (options: object) => NonNullable<RequestInit["dispatcher"]>;
  };
  const dispatcher = new constructor({ connections: 2 });
  const tenants = Array.from({ length: 20 }, (_, index) => `tenant-${index}`);
  const init = (body: string) => ({ method: "POST", body, dispatcher });
  await Promise.all(tenants.map((tenant) => withTenant(tenant, () => byFetch(told, init(tenant)))));
  await dispatcher.close();
  expect(new Set(proven())).toEqual(new Set(tenants));
  for (const one of server.arrived) expect(provenBy(one)).toBe(one.body);
});

test("a Host that is not the connection's is told nothing: a caller of the app may have written it", async () => {
  const headers = { host: `127.0.0.1:${server.port}` };
  await withTenant("acme", () => byHttp(untold, { headers }));
  await withTenant("acme", () => byFetch(untold, { headers }));
  await withTenant("acme", () => byHttp(told, { headers: { host: `localhost:${server.port}` } }));
  expect(proven()).toEqual([undefined, undefined, undefined]);
});

test("hosts are told by the same rules by which they are metered, but none where none is named", async () => {
  for (const [hosts, expected] of [
    [`127.0.0.1:${server.port}`, "acme"],
    ["127.0.0.1:1", undefined],
    ["*.0.0.1", "acme"],
    ["127.0.0.1,!127.0.0.1", undefined],
    ["!localhost", undefined],
    ["", undefined],
  ] as const) {
    server.arrived.length = 0;
    install(hosts);
    await withTenant("acme", () => byFetch(told));
    await withTenant("acme", () => byHttp(told));
    expect(proven(), hosts).toEqual([expected, expected]);
  }
});

test("headers that node:http was given as a list are written already and stay as they are", async () => {
  const options = { method: "POST", headers: ["x-a", "1", "host", "127.0.0.1"] };
  const answer = withTenant(
    "acme",
    () => new Promise<IncomingMessage>((resolve) => void request(told, options, resolve).end("body")),
  );
  expect(await text(await answer)).toBe("body");
  expect(proven()).toEqual([undefined]);
});

/** What an app gets to see of a fetch. */
async function seen(run: () => Promise<Response>) {
  try {
    const response = await run();
    const { status, url, redirected, type } = response;
    return { status, url, redirected, type, body: await response.text() };
  } catch (error) {
    const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } };
    return { name, message, cause: cause?.code ?? cause?.message };
  }
}

const bodyOf = (method: string): RequestInit => ({ method, body: "b" });
const streamed = (...parts: string[]) => ReadableStream.from(parts.map((part) => new TextEncoder().encode(part)));
const failing = () =>
  new ReadableStream({ pull: (controller) => controller.error(Object.assign(new Error("no more"), { code: "E" })) });

test("what an app gets of a fetch that tells its tenant is what it gets of one that does not", async () => {
  const form = () => {
    const fields = new FormData();
    fields.append("file", new Blob(["content"]), "a.txt");
    return fields;
  };
  const cases: Record<string, () => Promise<Response>> = {
    plain: () => fetch(told),
    redirected: () => fetch(`${told}/to/${encodeURIComponent(`${told}/there`)}`, { method: "POST", body: "b" }),
    "redirect refused": () => fetch(`${told}/to/${encodeURIComponent(told)}`, { redirect: "error" }),
    "redirect by hand": () => fetch(`${told}/to/${encodeURIComponent(told)}`, { redirect: "manual" }),
    request: () => fetch(new Request(told, { method: "POST", body: "b" })),
    "request and more": () => fetch(new Request(told, { method: "POST", body: "b" }), { headers: { "x-a": "1" } }),
    "request as init": () => fetch(told, new Request(untold, { method: "PUT", body: "b" })),
    "url object": () => fetch(new URL(told), { method: "POST", body: new URLSearchParams({ a: "1" }) }),
    form: () => fetch(told, { method: "POST", body: form() }).then(() => new Response("boundaries differ")),
    streamed: () => fetch(told, { method: "POST", body: streamed("a", "b"), duplex: "half" }),
    "streamed, failing": () => fetch(told, { method: "POST", body: failing(), duplex: "half" }),
    "streamed, no duplex": () => fetch(told, { method: "POST", body: streamed("a") }),
    aborted: () => fetch(told, { signal: AbortSignal.abort() }),
    "bad header": () => fetch(told, { headers: { "a b": "1" } }),
    "body of a GET": () => fetch(told, bodyOf("GET")),
    "nobody there": () => fetch("http://127.0.0.1:9/"),
  };
  for (const [name, run] of Object.entries(cases)) {
    const carried = await withTenant("acme", () => seen(run));
    uninstall();
    const bare = await withTenant("acme", () => seen(run));
    install("127.0.0.1");
    expect(carried, name).toEqual(bare);
  }
});

test("a Request that was fetched is used up, and an aborted fetch ends, with and without a tenant to tell", async () => {
  for (const run of [<T>(fn: () => T) => withTenant("acme", fn), <T>(fn: () => T) => fn()]) {
    const post = new Request(told, { method: "POST", body: "b" });
    await run(() => fetch(post).then((response) => response.text()));
    expect(post.bodyUsed).toBe(true);
    const controller = new AbortController();
    const aborted = run(() => fetch(told, { signal: controller.signal }));
    controller.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
  }
});
