import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startApp } from "../start-app.ts";
import type { RunningApp } from "../start-app.ts";

let receiver: OtlpReceiver;
beforeAll(async () => void (receiver = await startOtlpReceiver()));
beforeEach(() => void (receiver.spans.length = 0));
afterAll(() => receiver.close());

describe.each([
  {
    name: "Express 4",
    file: "express",
    env: { EXPRESS: "4" },
    pattern: "/ok/:id",
    fail: "/fail",
    nested: "/orgs/:org/members/:id",
  },
  { name: "Express 5", file: "express", env: {}, pattern: "/ok/:id", fail: "/fail", nested: "/orgs/:org/members/:id" },
  { name: "Fastify", file: "fastify", env: {}, pattern: "/ok/:id", fail: "/fail", nested: "/orgs/:org/members/:id" },
  { name: "Hono", file: "hono", env: {}, pattern: "/ok/:id", fail: "/fail", nested: "/orgs/:org/members/:id" },
  {
    name: "node:http",
    file: "plain-http",
    env: {},
    pattern: "/ok/{id}",
    fail: undefined,
    nested: "/orgs/{org}/members/{id}",
  },
])("$name", ({ name, file, env, pattern, fail, nested }) => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await startApp({
      file: new URL(`./apps/${file}.ts`, import.meta.url),
      env: { QUOTEL_ENDPOINT: receiver.url, QUOTEL_TENANT_HEADER: "x-tenant", ...env },
    });
  });
  afterAll(() => app.end("SIGKILL"));

  test(`${name}: a request is one event with tenant, route, status and latency`, async () => {
    const headers = { "x-tenant": "acme" };
    await (await fetch(`${app.url}/ok/17?secret=1`, { headers })).text();
    await (await fetch(`${app.url}/fail`, { headers })).text();
    const [ok, failed] = await receiver.waitFor("api_call", 2);
    expect(ok!.attributes).toMatchObject({
      "quotel.tenant.id": "acme",
      "http.request.method": "GET",
      "http.response.status_code": 200,
      "http.route": pattern,
    });
    expect(ok!.name).toBe(`GET ${pattern}`);
    expect(failed!.attributes["http.response.status_code"]).toBe(503);
    expect(failed!.attributes["http.route"]).toBe(fail);
    expect([ok!.statusCode, failed!.statusCode]).toEqual([0, 2]);
    expect(BigInt(ok!.endTimeUnixNano)).toBeGreaterThan(BigInt(ok!.startTimeUnixNano));
    expect(receiver.of("api_call")).toHaveLength(2);
  });

  test(`${name}: a caller who leaves before any header makes one failed event`, async () => {
    await expect(fetch(`${app.url}/hang`, { signal: AbortSignal.timeout(100) })).rejects.toThrow("timeout");
    const [call] = await receiver.waitFor("api_call", 1);
    expect(call!.attributes).toMatchObject({ "error.type": "aborted" });
    expect(call!.attributes).not.toHaveProperty("http.response.status_code");
  });

  test(`${name}: the route of a mount path with parameters names them and has no values`, async () => {
    await (await fetch(`${app.url}/orgs/umbrella/members/17`)).text();
    const [call] = await receiver.waitFor("api_call", 1);
    expect(call!.attributes["http.route"]).toBe(nested);
  });
});

test.each(["4", "5"])(
  "Express %s: no route has what a mount path matched, whoever sees its parameters",
  async (version) => {
    const file = new URL("./apps/express.ts", import.meta.url);
    const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, EXPRESS: version } });
    for (const [path, route] of [
      ["/plain/things/1", "/plain/things/:id"],
      ["/plain/things/2", "/plain/things/:id"],
      ["/houses/a%40b/in/attic/things/1", "/houses/:house/in/:room/things/:id"],
      ["/houses/a@b/", "/houses/:house/"],
      ["/houses/houses/in/in/things/1", "/houses/:house/in/:room/things/:id"],
      ["/sub/things/1", "/sub/things/:id"],
      ["/sub/houses/attic/things/1", "/sub/houses/:house/things/:id"],
      // What cannot be told apart.
      ["/years/1999/things/1", "/years/:0/things/:id"],
      ["/part-secret/things/1", "*/things/:id"],
      ["/sub/umbrella/things/1", "*/things/:id"],
    ] as const) {
      receiver.spans.length = 0;
      await (await fetch(app.url + path)).text();
      const [call] = await receiver.waitFor("api_call", 1);
      expect.soft(call!.attributes["http.route"], path).toBe(route);
    }
    await app.end("SIGKILL");
  },
);

test("Fastify: a request that a hook refuses has its route all the same, one that matches none has none", async () => {
  const file = new URL("./apps/fastify.ts", import.meta.url);
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url } });
  await (await fetch(`${app.url}/private`)).text();
  await (await fetch(`${app.url}/nowhere`)).text();
  const calls = await receiver.waitFor("api_call", 2);
  expect(calls.map(({ attributes }) => [attributes["http.response.status_code"], attributes["http.route"]])).toEqual([
    [401, "/private"],
    [404, undefined],
  ]);
  await app.end("SIGKILL");
});

test("a route that only an instrumentation of the app's own tracing knows is taken from there", async () => {
  const file = new URL("./apps/traced-http.ts", import.meta.url);
  const app = await startApp({ file, env: { QUOTEL_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: "none" } });
  await (await fetch(`${app.url}/things/17`)).text();
  const [call] = await receiver.waitFor("api_call", 1);
  expect(call!.attributes["http.route"]).toBe("/things/{thing}");
  await app.end("SIGKILL");
});
