import { get } from "node:http";
import type { IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { signTenant } from "../../../../instrumentation/src/tenant/propagation/signed-tenant.ts";
import { startOtlpReceiver } from "../../otlp-receiver.ts";
import type { OtlpReceiver } from "../../otlp-receiver.ts";
import { startApp } from "../../start-app.ts";
import type { RunningApp } from "../../start-app.ts";

const KEY = "the first secret of at least 32 characters";
const OLD_KEY = "an older secret of at least 32 characters";
const HERE = "127.0.0.1";
const file = new URL("../apps/relaying.ts", import.meta.url);
const now = () => Date.now() / 1000;

let receiver: OtlpReceiver;
/** Believes what is signed; tells nobody. */
let service: RunningApp;
let env: Record<string, string>;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  env = { QUOTEL_ENDPOINT: receiver.url, QUOTEL_PROPAGATION_KEY: `${KEY},${OLD_KEY}`, SLOW_MS: "4000" };
  service = await startApp({ file, env });
});
beforeEach(() => void (receiver.spans.length = 0));
afterAll(async () => {
  await service.end("SIGKILL");
  await receiver.close();
});

/** The tenant that a request's event has; the headers may be several of a name. */
async function tenantOf(headers: Record<string, string | string[]>, path = "/end", app = service): Promise<unknown> {
  receiver.spans.length = 0;
  const answer = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${app.url}${path}`, { headers }, resolve).on("error", reject),
  );
  await text(answer);
  const [call] = await receiver.waitFor("api_call", 1);
  return call!.attributes["quotel.tenant.id"];
}

test.each(["fetch", "http"])("a tenant that one service knows reaches the next one by %s", async (client) => {
  const hosts = { QUOTEL_PROPAGATE_HOSTS: HERE, QUOTEL_TENANT_HEADER: "x-tenant", NEXT_URL: service.url };
  const first = await startApp({ file, env: { ...env, ...hosts } });
  await fetch(`${first.url}/relay/${client}`, { headers: { "x-tenant": "acme" } });
  const calls = await receiver.waitFor("api_call", 2);
  await first.end("SIGKILL");
  expect(calls.map((span) => span.attributes["quotel.tenant.id"])).toEqual(["acme", "acme"]);
});

test("a tenant is believed by any of the keys, while they are changed, and until the end of a long request", async () => {
  expect(await tenantOf({ "quotel-tenant": signTenant("acme", HERE, OLD_KEY, now()) })).toBe("acme");
  // It expires while it is served.
  expect(await tenantOf({ "quotel-tenant": signTenant("acme", HERE, KEY, now() - 57) }, "/slow")).toBe("acme");
});

test("a header that is forged, expired, of the future, for another host, unsigned or repeated names no tenant", async () => {
  const good = signTenant("acme", HERE, KEY, now());
  const bad = [
    signTenant("acme", HERE, "a secret of nobody's, 32 characters long", now()),
    signTenant("acme", HERE, KEY, now() - 120),
    signTenant("acme", HERE, KEY, now() + 120),
    signTenant("acme", "svc.internal", KEY, now()),
    good.replace("acme", "victim"),
    "acme",
    "",
    [good, good],
    [good, "acme"],
  ];
  const counted = async () => JSON.parse(await (await fetch(`${service.url}/counters`)).text()) as object;
  const before = (await counted()) as { tenantsRefused: number };
  for (const header of bad) expect(await tenantOf({ "quotel-tenant": header }), String(header)).toBeUndefined();
  expect(await counted()).toMatchObject({ tenantsRefused: before.tenantsRefused + bad.length });
  expect(service.stderr().match(/QUOTEL_TENANT_REFUSED/g)).toHaveLength(1);
  expect(service.stderr()).not.toContain(KEY);
});

test("baggage that comes in names no tenant", async () => {
  const baggage = "quotel.tenant.id=victim,tenant.id=victim,quotel-tenant=victim";
  expect(await tenantOf({ baggage, traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01` })).toBeUndefined();
});

test("a service that knows its names believes no header for another name, whatever Host a caller writes", async () => {
  const app = await startApp({ file, env: { ...env, QUOTEL_PROPAGATION_AUDIENCE: "svc.internal:8080,svc" } });
  const forName = (name: string) => ({ host: name, "quotel-tenant": signTenant("acme", name, KEY, now()) });
  expect(await tenantOf(forName("other.internal"), "/end", app)).toBeUndefined();
  expect(await tenantOf(forName("svc"), "/end", app)).toBe("acme");
  const { "quotel-tenant": header } = forName("svc.internal");
  expect(await tenantOf({ "quotel-tenant": header }, "/end", app)).toBe("acme");
  await app.end("SIGKILL");
});

test("a service without a key believes nobody and tells nobody", async () => {
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, NEXT_URL: service.url } });
  expect(await tenantOf({ "quotel-tenant": signTenant("acme", HERE, KEY, now()) }, "/end", app)).toBeUndefined();
  await app.end("SIGKILL");
});

test("over HTTP/2 a signed tenant is for the authority that is asked", async () => {
  const app = await startApp({ file: new URL("../../api-calls/apps/http2.ts", import.meta.url), env });
  const { origin, hostname } = new URL(app.url);
  for (const [name, expected] of [
    [hostname, "acme"],
    ["svc.internal", undefined],
  ] as const) {
    receiver.spans.length = 0;
    const session = connect(origin);
    const stream = session.request({ ":path": "/ok/1", "quotel-tenant": signTenant("acme", name, KEY, now()) });
    await text(stream);
    session.close();
    const [call] = await receiver.waitFor("api_call", 1);
    expect(call!.attributes["quotel.tenant.id"]).toBe(expected);
  }
  await app.end("SIGKILL");
});
