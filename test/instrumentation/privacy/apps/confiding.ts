/**
 * An app that everybody tells everything: what it is asked, what it asks of its providers, and what goes wrong are full of words that
 * are nobody else's business. `/work` answers with all that came back.
 */
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";

import Anthropic from "@anthropic-ai/sdk";
import express from "express";
import OpenAI from "openai";

import { recordUsage, reportLevel, setTenant, setUser, trackUsage } from "@quotel/instrumentation";
import { recordAudit } from "@quotel/instrumentation/audit";

import { FAILED, SENT } from "../canaries.ts";

const url = process.env["PROVIDER_URL"] ?? "";
const openai = new OpenAI({
  apiKey: SENT["api-key"],
  baseURL: `${url}/v1`,
  maxRetries: 0,
  defaultHeaders: { "x-custom": SENT["custom-header"] },
  defaultQuery: { key: SENT["query-key"] },
});
const anthropic = new Anthropic({ apiKey: SENT["api-key"], baseURL: url, maxRetries: 0 });

const tools = [
  { type: "function" as const, function: { name: "look_up", description: SENT["tool-description"], parameters: {} } },
];
const chat = (model: string) => ({
  model,
  messages: [
    { role: "system" as const, content: SENT["system"] },
    { role: "user" as const, content: SENT["prompt"] },
    { role: "tool" as const, tool_call_id: "call_0", content: SENT["tool-result"] },
  ],
  tools,
  user: SENT["end-user"],
  stop: SENT["stop-word"],
});
const message = (model: string) => ({
  model,
  max_tokens: 10,
  system: SENT["system"],
  messages: [{ role: "user" as const, content: SENT["prompt"] }],
});

/** Every way of asking a provider, each for itself: what it came to, failures too. */
const calls: readonly (() => Promise<unknown>)[] = [
  () => openai.chat.completions.create(chat("gpt-json")),
  async () => Array.fromAsync(await openai.chat.completions.create({ ...chat("gpt-stream"), stream: true })),
  () => openai.chat.completions.create(chat("refused")),
  async () => Array.fromAsync(await openai.chat.completions.create({ ...chat("broken"), stream: true })),
  () => openai.embeddings.create({ model: "embedder", input: SENT["embedded"] }),
  () =>
    openai.audio.transcriptions.create({
      model: "listener",
      file: new File([SENT["audio"]], `${SENT["audio-filename"]}.mp3`),
      prompt: SENT["audio-prompt"],
    }),
  () => anthropic.messages.create(message("claude-json")),
  async () => Array.fromAsync(await anthropic.messages.create({ ...message("claude-stream"), stream: true })),
  async () => {
    const body = JSON.stringify({ contents: [{ parts: [{ text: SENT["prompt"] }] }] });
    const path = `/v1beta/models/gemini-json:generateContent?key=${SENT["query-key"]}`;
    return (await fetch(url + path, { method: "POST", body })).text();
  },
  byNodeHttp,
  () => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error(FAILED["abort-reason"])), 50);
    const init = { method: "POST", body: JSON.stringify(chat("silent")), signal: controller.signal };
    return fetch(`${url}/v1/chat/completions`, init);
  },
  () => fetch(`http://127.0.0.1:9/v1/chat/completions?key=${SENT["query-key"]}`, { method: "POST", body: "{}" }),
];

async function byNodeHttp(): Promise<string> {
  const options = { method: "POST", headers: { authorization: SENT["api-key"] } };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request(`${url}/v1/chat/completions?key=${SENT["query-key"]}`, options, resolve);
    outgoing.on("error", reject).end(JSON.stringify(chat("gpt-node")));
  });
  return JSON.stringify(answer.headers) + (await text(answer));
}

async function work(): Promise<string> {
  setTenant(FAILED["bad-tenant"] + " is none");
  setTenant("acme");
  setUser(FAILED["user-id"]);
  trackUsage("acme", "search").recordFailure(new Error(FAILED["failure"]));
  recordUsage({ tenantId: "acme", resource: "agent_minutes", amount: 1 });
  reportLevel("acme", "storage_bytes", 17);
  recordAudit("acme", "team.member_invited");
  const outcomes = await Promise.allSettled(calls.map((call) => call()));
  const told = (one: PromiseSettledResult<unknown>) => (one.status === "rejected" ? errorText(one.reason) : one.value);
  return JSON.stringify(outcomes.map(told));
}

/** All that an error says. */
function errorText(error: unknown): unknown {
  const { message, headers, error: body } = Object(error) as { message?: string; headers?: Headers; error?: unknown };
  return [message, body, headers instanceof Headers ? [...headers] : null];
}

const app = express();
app.use(express.text({ type: "*/*" }));
const members = express.Router(); // sees its own parameters only
members.post("/members/:id", (_req, res, next) => void work().then((all) => res.send(all), next));
app.use("/orgs/:org", members);
app.use("/files{/*path}", (_req, res) => void res.send("ok"));
app.get("/broken/:id", () => {
  throw new Error(FAILED["thrown"]);
});

const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address === "object") console.log(`http://127.0.0.1:${address.port}`);
});
