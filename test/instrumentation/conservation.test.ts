import OpenAI from "openai";
import { expect, test } from "vitest";

import { withTenant } from "@quotel/instrumentation";
import { messages, meterOpenAi, read, tokens } from "./openai-calls.ts";
import { tapThisProcess } from "./tapped-process.ts";

const { receiver, provider, openai, chat, reported } = await meterOpenAi();

test("a JSON chat completion is metered with the provider's figures", async () => {
  await withTenant("acme", () => chat("normal"));
  const [span] = await receiver.waitFor("chat", 1);
  expect(span!.attributes).toMatchObject({
    "quotel.tenant.id": "acme",
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2026",
    "gen_ai.usage.input_tokens": 11,
    "gen_ai.usage.output_tokens": 6,
    "gen_ai.usage.cache_read.input_tokens": 3,
    "gen_ai.usage.reasoning.output_tokens": 1,
    "quotel.usage.source": "provider",
  });
  expect(tokens([span!])).toBe(reported());
});

test("an embedding is metered as input tokens", async () => {
  await withTenant("acme", () => openai.embeddings.create({ model: "text-embedding-3-small", input: "Hello" }));
  const spans = await receiver.waitFor("embedding", 1);
  expect(spans[0]!.attributes).toMatchObject({
    "gen_ai.operation.name": "embeddings",
    "gen_ai.usage.input_tokens": 7,
    "gen_ai.usage.output_tokens": 0,
  });
  expect(tokens(spans)).toBe(reported());
});

test("a JSON answer cut in the middle failed with unknown tokens", async () => {
  await expect(
    openai.chat.completions.create({ model: "m", messages, user: "cut_json" }, { maxRetries: 0 }),
  ).rejects.toThrow("terminated");
  const [span] = await receiver.waitFor("chat", 1);
  expect(span!.statusCode).toBe(2);
  expect(span!.attributes["quotel.usage.source"]).toBe("none");
});

test("every attempt of a retried call is an event and only the successful one has tokens", async () => {
  await withTenant("acme", () => chat("fails_once", 42));
  const spans = await receiver.waitFor("chat", 2);
  expect(spans.map((span) => [span.statusCode, span.attributes["error.type"] ?? null])).toEqual([
    [2, "500"],
    [0, null],
  ]);
  expect(tokens(spans)).toBe(reported());
});

test("refused calls are failed events without tokens", async () => {
  await expect(
    openai.chat.completions.create({ model: "m", messages, user: "overloaded" }, { maxRetries: 0 }),
  ).rejects.toThrow("slow down");
  const [span] = await receiver.waitFor("chat", 1);
  expect(span!.attributes).toMatchObject({ "error.type": "429", "quotel.usage.source": "none" });
});

test("a provider that cannot be reached is a failed event", async () => {
  const nowhere = new OpenAI({ apiKey: "k", baseURL: "http://127.0.0.1:1024/v1", maxRetries: 0 });
  await expect(nowhere.chat.completions.create({ model: "m", messages })).rejects.toThrow("Connection error");
  const [span] = await receiver.waitFor("chat", 1);
  expect(span!.attributes["error.type"]).toBe("ECONNREFUSED");
});

test("a body that nobody reads is metered", async () => {
  await openai.chat.completions.create({ model: "gpt-4o", messages }).asResponse();
  const spans = await receiver.waitFor("chat", 1);
  expect(tokens(spans)).toBe(reported());
});

test("one hundred concurrent calls of ten tenants add up per tenant", async () => {
  const other = new OpenAI({
    apiKey: "k",
    baseURL: `http://localhost:${new URL(provider.url).port}/v1`,
    maxRetries: 2,
  });
  const call = (index: number) =>
    index % 3 === 0
      ? other.chat.completions.create({ model: "m", messages, user: "fails_once", seed: 1_000 + index })
      : other.chat.completions.create({ model: "m", messages, stream: true }).then(read);
  await Promise.all(Array.from({ length: 100 }, (_, index) => withTenant(`t${index % 10}`, () => call(index))));
  const spans = await receiver.waitFor("chat", 134);
  expect(tokens(spans)).toBe(reported());
  for (let tenant = 0; tenant < 10; tenant += 1) {
    const own = spans.filter((span) => span.attributes["quotel.tenant.id"] === `t${tenant}`);
    expect(tokens(own)).toBe(10 * 17);
  }
});

test("an attempt says how often its SDK has sent the same operation before", async () => {
  await withTenant("acme", () => chat("fails_once", 43));
  const spans = await receiver.waitFor("chat", 2);
  expect(spans.map((span) => span.attributes["http.request.resend_count"] ?? null)).toEqual([null, 1]);
});

test("batches, their files and stored responses are not billed again", async () => {
  await openai.batches.create({ endpoint: "/v1/responses", input_file_id: "file_1", completion_window: "24h" });
  await openai.responses.retrieve("resp_1");
  await chat("normal");
  expect(await receiver.waitFor("chat", 1)).toHaveLength(1);
  expect(receiver.spans).toHaveLength(1);
});

test("speech and moderations are attempts whose tokens nobody knows", async () => {
  const speech = await openai.audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello" });
  expect((await speech.arrayBuffer()).byteLength).toBe(99);
  await openai.moderations.create({ model: "omni-moderation", input: "Hello" });
  const spans = [...(await receiver.waitFor("audio", 1)), ...(await receiver.waitFor("moderation", 1))];
  expect(spans.map((span) => span.attributes["quotel.usage.source"])).toEqual(["none", "none"]);
  expect(tokens(spans, "none")).toBe(0);
});

test("an upload whose body cannot be read is metered where the host is named", async () => {
  const upload = () => {
    const form = new FormData();
    form.set("model", "whisper-1");
    form.set("file", new File(["sound"], "a.wav"));
    const { body, headers } = new Request(provider.url, { method: "POST", body: form });
    return fetch(`${provider.url}/v1/audio/transcriptions`, { method: "POST", body, headers, duplex: "half" });
  };
  await (await upload()).json();
  await chat("normal");
  await receiver.waitFor("chat", 1);
  expect(receiver.of("audio")).toHaveLength(0);
  const named = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] } });
  provider.reset();
  await (await upload()).json();
  expect(tokens(await named.receiver.waitFor("audio", 1))).toBe(reported());
  await named.close();
});

test("the sequence numbers of a process have no gap", async () => {
  await Promise.all([chat("normal"), chat("normal"), chat("normal")]);
  const spans = await receiver.waitFor("chat", 3);
  const seqs = spans.map((span) => Number(span.attributes["quotel.seq"]));
  expect(seqs).toEqual([seqs[0], seqs[0]! + 1, seqs[0]! + 2]);
  expect(new Set(spans.map((span) => span.attributes["quotel.boot.id"])).size).toBe(1);
});

test("requests that are no provider calls pass the tap untouched", async () => {
  const response = await fetch(`${provider.url}/v1/chat/completions`, { method: "POST", body: '{"hello":1}' });
  expect(response.status).toBe(200);
  await response.text();
  await chat("normal");
  expect((await receiver.waitFor("chat", 1)).length).toBe(1);
});
