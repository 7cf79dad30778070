import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, expect, test } from "vitest";

import { startOtlpReceiver } from "../otlp-receiver.ts";
import type { OtlpReceiver } from "../otlp-receiver.ts";
import { startApp } from "../start-app.ts";
import type { RunningApp } from "../start-app.ts";
import { ANSWERED, ASKED, FAILED, SENT } from "./canaries.ts";
import { startTalkativeProvider } from "./talkative-provider.ts";
import type { TalkativeProvider } from "./talkative-provider.ts";

let receiver: OtlpReceiver;
let provider: TalkativeProvider;
let spool: string;
let app: RunningApp;

/** Estimates read the texts, and keep them no longer than the call. */
const SETTINGS = [{ QUOTEL_ESTIMATE_TOKENS: "off" }, { QUOTEL_ESTIMATE_TOKENS: "on" }];

async function start(settings: Readonly<Record<string, string>>): Promise<void> {
  receiver = await startOtlpReceiver();
  provider = await startTalkativeProvider();
  spool = await mkdtemp(join(tmpdir(), "quotel-privacy-"));
  const env = { QUOTEL_ENDPOINT: receiver.url, QUOTEL_SPOOL_DIR: spool, PROVIDER_URL: provider.url, ...settings };
  app = await startApp({ file: new URL("./apps/confiding.ts", import.meta.url), env });
}
afterEach(async () => {
  await app.end("SIGKILL");
  await provider.close();
  await receiver.close();
  await rm(spool, { recursive: true, force: true });
});

/** Confides everything to the app; gives what it answers. */
async function confide(): Promise<string> {
  const headers = {
    cookie: `session=${ASKED["cookie"]}`,
    authorization: `Bearer ${ASKED["credential"]}`,
    "user-agent": ASKED["header"],
    "x-tenant-id": ASKED["header"],
    baggage: `tenant.id=${ASKED["header"]}`,
  };
  const upload = new FormData();
  upload.append("note", ASKED["body"]);
  upload.append("file", new Blob([ASKED["upload"]]), `${ASKED["filename"]}.txt`);
  const path = `/orgs/${ASKED["mount"]}@home/members/${ASKED["param"]}?q=${ASKED["query"]}`;
  const answer = await (await fetch(app.url + path, { method: "POST", headers, body: upload })).text();
  await (await fetch(`${app.url}/files/${ASKED["wild"]}/a`, { headers })).text();
  await (await fetch(`${app.url}/broken/${ASKED["param"]}`, { headers })).text();
  await (await fetch(`${app.url}/${ASKED["wild"]}?q=${ASKED["query"]}`, { headers })).text();
  return answer;
}

/** What is recorded on purpose: that the search would find what is there. */
const RECORDED = ["acme", "gpt-stream", "chatcmpl-1", "agent_minutes", "storage_bytes", "team.member_invited"];
const MODELS =
  "gpt-json gpt-stream refused broken embedder listener claude-json claude-stream gemini-json gpt-node silent".split(
    " ",
  );
const CANARIES = [ASKED, SENT, ANSWERED, FAILED].flatMap((words) => Object.values<string>(words));

/** Which of the words a text has; they may have become part of others, or lower-case. */
const wordsIn = (text: string, words: readonly string[]) => words.filter((word) => text.toLowerCase().includes(word));

async function textIn(folder: string): Promise<string> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile())
    .map((file) => readFile(join(file.parentPath, file.name), "latin1").catch(() => "")); // delivered meanwhile
  return (await Promise.all(texts)).concat(files.map(({ name }) => name)).join("\n");
}

const sent = () => receiver.requests.map(({ headers, body }) => JSON.stringify(headers) + body).join("\n");

/** Waits until a text has all of the words, and gives it. */
async function whenIn(text: () => string | Promise<string>, words: readonly string[]): Promise<string> {
  for (;;) {
    const now = await text();
    if (wordsIn(now, words).length === words.length) return now;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test.each(SETTINGS)(
  "%o: nothing that is said to an app, a provider or by one is sent to the collector, on any signal",
  async (settings) => {
    await start(settings);
    const answer = await confide();
    await receiver.waitFor("api_call", 4);
    const all = await whenIn(sent, RECORDED);
    expect(wordsIn(all, CANARIES)).toEqual([]);
    // All of it was said: nothing was found because nothing of it was recorded.
    expect(wordsIn(provider.told(), Object.values(SENT))).toEqual(Object.values(SENT));
    expect(wordsIn(answer, Object.values(ANSWERED))).toEqual(Object.values(ANSWERED));
    const failures = [FAILED["thrown"], FAILED["abort-reason"], FAILED["bad-tenant"]];
    expect(wordsIn(answer + app.stderr(), failures)).toEqual(failures);
    const models = receiver.spans.map(({ attributes }) => attributes["gen_ai.request.model"]).filter(Boolean);
    expect(new Set(models)).toEqual(new Set(MODELS));
  },
);

test.each(SETTINGS)("%o: nothing that is said to an app, a provider or by one is in the spool", async (settings) => {
  await start(settings);
  receiver.script = () => ({ status: 503 });
  await confide();
  const all = await whenIn(() => textIn(spool), [...RECORDED, "silent"]);
  expect(wordsIn(all, CANARIES)).toEqual([]);
});
