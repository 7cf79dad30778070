import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { request as undiciRequest } from "undici";

import { runtime } from "../../instrumentation/src/process/runtime.ts";
import { installProviderTap } from "../../instrumentation/src/tap/provider-tap.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hello" }] });
const headers = { "content-type": "application/json" };

let tapped: TappedProcess;
let warned: Set<string>;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
  warned = runtime().warned;
});
beforeEach(() => warned.clear());
afterAll(() => tapped.close());

async function askPastTheTaps(path: string): Promise<void> {
  const answer = await undiciRequest(`${tapped.provider.url}${path}`, { method: "POST", headers, body });
  await answer.body.dump();
}
function unmetered(): string[] {
  return [...warned].filter((topic) => topic.startsWith("QUOTEL_UNMETERED_CALL"));
}

test("a provider call that goes past the taps is warned about, once for its host", async () => {
  await askPastTheTaps("/v1/chat/completions");
  await askPastTheTaps("/v1/chat/completions");
  expect(unmetered()).toEqual([`QUOTEL_UNMETERED_CALL ${new URL(tapped.provider.url).host}`]);
});

test("no metered call is warned about, however many there are at a time", async () => {
  const ask = async () => {
    const answer = await fetch(`${tapped.provider.url}/v1/chat/completions`, { method: "POST", headers, body });
    await answer.text();
  };
  await Promise.all(Array.from({ length: 50 }, ask));
  await ask();
  expect(unmetered()).toEqual([]);
  expect(await tapped.receiver.waitFor("chat", 51)).toHaveLength(51);
});

test("other requests to a provider's host, and hosts that are left out, are not warned about", async () => {
  await askPastTheTaps("/v1/files");
  await tapped.bare(async () => {
    const untap = installProviderTap(tapped.meter, { hosts: { allowed: [], denied: ["127.0.0.1"] } });
    await askPastTheTaps("/v1/chat/completions");
    untap();
  });
  expect(unmetered()).toEqual([]);
});
