import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { Agent, H2CClient, Pool, getGlobalDispatcher, setGlobalDispatcher } from "undici";

import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

const CALLS = 20;
const before = getGlobalDispatcher(); // Node's fetch has the same one

let tapped: TappedProcess;
let overHttp2: Agent;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
});
beforeEach(async () => {
  await tapped.reset();
  overHttp2 = new Agent({
    factory: (origin, options) =>
      String(origin) === tapped.provider.http2Url ? new H2CClient(origin) : new Pool(origin, options),
  });
  setGlobalDispatcher(overHttp2);
});
afterEach(async () => {
  setGlobalDispatcher(before);
  await overHttp2.destroy();
});
afterAll(() => tapped.close());

test("a fetch that undici sends over HTTP/2 is one event, whoever opened the connection", async () => {
  const { http2Url } = tapped.provider;
  const other = await fetch(`${http2Url}/v1/models`); // opens the connection
  await other.text();
  const ask = async () => {
    const body = JSON.stringify({ model: "gpt-x", messages: [{ role: "user", content: "Hello" }] });
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${http2Url}/v1/chat/completions`, { method: "POST", headers, body });
    expect(answer.status).toBe(200);
    await answer.text();
  };
  await Promise.all(Array.from({ length: CALLS }, ask));
  await tapped.meter.flush(5_000);
  const spans = await tapped.receiver.waitFor("chat", CALLS);
  expect(spans.map((span) => span.attributes["gen_ai.request.model"])).toEqual(Array(CALLS).fill("gpt-x"));
  expect(tapped.provider.ledger.attempts).toBe(CALLS);
});
