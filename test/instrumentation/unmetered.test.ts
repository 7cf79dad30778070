import { once } from "node:events";
import { createServer, get } from "node:http";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { request as undiciRequest } from "undici";

import { warningsGiven } from "../../instrumentation/src/process/warn.ts";
import { installProviderTap } from "../../instrumentation/src/tap/provider-tap.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hello" }] });
const headers = { "content-type": "application/json" };

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
});
beforeEach(() => warningsGiven().clear());
afterAll(() => tapped.close());

async function askPastTheTaps(path: string): Promise<void> {
  const answer = await undiciRequest(`${tapped.provider.url}${path}`, { method: "POST", headers, body });
  await answer.body.dump();
}
function unmetered(): string[] {
  return [...warningsGiven()].filter((topic) => topic.startsWith("QUOTEL_UNMETERED_"));
}

test("a provider call that goes past the taps is warningsGiven about, once for its host", async () => {
  await askPastTheTaps("/v1/chat/completions");
  await askPastTheTaps("/v1/chat/completions");
  expect(unmetered()).toEqual([`QUOTEL_UNMETERED_CALL ${new URL(tapped.provider.url).host}`]);
});

test("no metered call is warningsGiven about, however many there are at a time", async () => {
  const ask = async () => {
    const answer = await fetch(`${tapped.provider.url}/v1/chat/completions`, { method: "POST", headers, body });
    await answer.text();
  };
  await Promise.all(Array.from({ length: 50 }, ask));
  await ask();
  expect(unmetered()).toEqual([]);
  expect(await tapped.receiver.waitFor("chat", 51)).toHaveLength(51);
});

test("other requests to a provider's host, and hosts that are left out, are not warningsGiven about", async () => {
  await askPastTheTaps("/v1/files");
  await tapped.bare(async () => {
    const untap = installProviderTap(tapped.meter, { hosts: { allowed: [], denied: ["127.0.0.1"] } });
    await askPastTheTaps("/v1/chat/completions");
    untap();
  });
  expect(unmetered()).toEqual([]);
});

test("a client that took fetch before the taps were installed is warningsGiven about", async () => {
  const taken = await tapped.bare(() => Promise.resolve(globalThis.fetch));
  const answer = await taken(`${tapped.provider.url}/v1/chat/completions`, { method: "POST", headers, body });
  await answer.text();
  expect(unmetered()).toEqual([`QUOTEL_UNMETERED_CALL ${new URL(tapped.provider.url).host}`]);
});

test("a metered call that is redirected to another of the hosts is not warningsGiven about", async () => {
  const redirecting = createServer((req, res) => {
    res.writeHead(307, { location: `${tapped.provider.url}${String(req.url)}` }).end();
  });
  await once(redirecting.listen(0, "127.0.0.1"), "listening");
  const address = redirecting.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const answer = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, { method: "POST", headers, body });
  expect(answer.redirected).toBe(true);
  await answer.text();
  redirecting.close();
  expect(unmetered()).toEqual([]);
});

test("a WebSocket to a provider is warningsGiven about, whichever client opens it, and not to hosts that are left out", async () => {
  const { host } = new URL(tapped.provider.url);
  const opened = new WebSocket(`ws://${host}/v1/realtime?model=m`);
  await once(opened, "error");
  expect(unmetered()).toEqual([`QUOTEL_UNMETERED_SOCKET ${host}`]);
  warningsGiven().clear();
  await upgrade(tapped.provider.url);
  expect(unmetered()).toEqual([`QUOTEL_UNMETERED_SOCKET ${host}`]);
  warningsGiven().clear();
  await upgrade(tapped.provider.url.replace("127.0.0.1", "localhost"));
  expect(unmetered()).toEqual([]);
});

async function upgrade(url: string): Promise<void> {
  const request = get(`${url}/v1/realtime`, { headers: { connection: "Upgrade", upgrade: "websocket" } });
  request.once("response", (response) => response.resume()).once("error", () => undefined);
  await new Promise((resolve) => request.once("close", resolve));
}
