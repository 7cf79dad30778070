import fc from "fast-check";
import { expect, test } from "vitest";

import { isIgnored, parsePathPatterns } from "../../../instrumentation/src/api-calls/ignored-paths.ts";
import { startOtlpReceiver } from "../otlp-receiver.ts";
import { startScriptedProvider } from "../providers/scripted-provider.ts";
import { startApp } from "../start-app.ts";

function ignores(patterns: string, url: string): boolean {
  const parsed = parsePathPatterns(patterns);
  if (parsed.kind === "invalid") throw new Error(parsed.problem);
  return isIgnored(url, parsed.patterns);
}

test("a path is ignored by its own name, by a prefix or by a suffix, whatever its query", () => {
  const patterns = "/healthz, /static/*,*.css,/api/*/ping";
  for (const url of ["/healthz", "/healthz?x=/y", "/static/a/b.js", "/static/", "/any/where.css", "/api/v1/ping"]) {
    expect([url, ignores(patterns, url)]).toEqual([url, true]);
  }
  for (const url of ["/", "/healthz/", "/Healthz", "/chat?file=a.css", "/statics", "/api/ping", ""]) {
    expect([url, ignores(patterns, url)]).toEqual([url, false]);
  }
});

test("nothing is ignored where nothing is configured, whatever is asked for", () => {
  fc.assert(
    fc.property(fc.webPath(), (path) => {
      expect(ignores("", path)).toBe(false);
    }),
  );
});

test("a pattern that is no path, or has two stars, is a problem and not a guess", () => {
  for (const text of ["healthz", "/a/*/b/*", "/a?b", "/ok,nonsense"])
    expect(parsePathPatterns(text).kind).toBe("invalid");
});

test("an ignored request makes no event; the model calls it makes are metered, and its tenant's", async () => {
  const receiver = await startOtlpReceiver();
  const provider = await startScriptedProvider();
  const app = await startApp({
    env: {
      QUOTEL_ENDPOINT: receiver.url,
      QUOTEL_TENANT_HEADER: "x-tenant",
      QUOTEL_IGNORE_PATHS: "/cha*,/users/*",
      PROVIDER_URL: provider.url,
    },
  });
  const headers = { "content-type": "application/json", "x-tenant": "acme" };
  await fetch(`${app.url}/users/7`, { headers });
  await fetch(`${app.url}/chat`, { method: "POST", headers, body: "{}" });
  await fetch(`${app.url}/embed`, { method: "POST", headers, body: "{}" });
  const [chat] = await receiver.waitFor("chat", 1);
  const [call] = await receiver.waitFor("api_call", 1);
  expect(chat!.attributes["quotel.tenant.id"]).toBe("acme");
  expect(chat!.parentSpanId).toBeUndefined();
  expect(call!.attributes["http.route"]).toBe("/embed");
  await app.end("SIGKILL");
  await provider.close();
  await receiver.close();
});
