import { request } from "node:http";

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";

import { estimateTokens } from "@quotel/instrumentation";
import { estimates } from "../../../instrumentation/src/tap/estimate/setting.ts";
import { WORDS } from "../providers/script.ts";
import type { Behaviour } from "../providers/script.ts";
import { tapThisProcess } from "../tapped-process.ts";
import type { TappedProcess } from "../tapped-process.ts";

const PROMPT = "Write a friendly greeting to everybody, in German, with a party popper.";
const TOOLS = [{ type: "function", function: { name: "greet", parameters: { type: "object" } } }];
/** What a stream that is cut has brought. */
const SEEN = WORDS.slice(0, 4).join("");
const messages = [{ role: "user", content: PROMPT }];

interface Case {
  readonly path: (model: string) => string;
  readonly body: object;
  /** Tokens the provider tells before it is cut. */
  readonly told?: { readonly input: number; readonly output: number };
}

const STREAMS: Readonly<Record<string, Case>> = {
  "OpenAI chat": { path: () => "/v1/chat/completions", body: { messages, stream: true } },
  "OpenAI completions": { path: () => "/v1/completions", body: { prompt: PROMPT, stream: true } },
  "OpenAI responses": { path: () => "/v1/responses", body: { input: PROMPT, stream: true } },
  "Anthropic messages": {
    path: () => "/v1/messages",
    body: { messages, max_tokens: 100, stream: true },
    told: { input: 11, output: 1 },
  },
  "Gemini, server-sent events": {
    path: (model) => `/v1beta/models/${model}:streamGenerateContent?alt=sse`,
    body: { contents: [{ role: "user", parts: [{ text: PROMPT }] }] },
    told: { input: 15, output: 6 },
  },
  "Gemini interactions": { path: () => "/v1beta/interactions", body: { input: PROMPT, stream: true } },
  "Cohere 2": { path: () => "/v2/chat", body: { messages, stream: true } },
  "Cohere 1": { path: () => "/v1/chat", body: { message: PROMPT, stream: true } },
  "Bedrock Converse": {
    path: (model) => `/model/${model}/converse-stream`,
    body: { messages: [{ role: "user", content: [{ text: PROMPT }] }] },
  },
  "Bedrock InvokeModel": {
    path: (model) => `/model/${model}/invoke-with-response-stream`,
    body: { messages, max_tokens: 100 },
    told: { input: 11, output: 1 },
  },
};
const TABLE = Object.entries(STREAMS);

let tapped: TappedProcess;
beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] }, drainMs: 0 });
});
beforeEach(async () => {
  await tapped.reset();
  estimates().on = true;
});
afterAll(async () => {
  estimates().on = false;
  await tapped.close();
});

/** Calls the provider, by fetch, and gives all that comes. */
async function call({ path, body }: Pick<Case, "path" | "body">, model: Behaviour): Promise<string> {
  const sent = { method: "POST", headers: { "content-type": "application/json" }, body: bodyFor(body, model) };
  const response = await fetch(tapped.provider.url + path(model), sent);
  let seen = "";
  try {
    for await (const bytes of response.body ?? []) seen += Buffer.from(bytes).toString("latin1");
  } catch {
    seen += "CUT";
  }
  return seen;
}

function bodyFor(body: object, model: string): string {
  return JSON.stringify({ ...body, model });
}

async function recorded(eventType = "chat") {
  const [span] = await tapped.receiver.waitFor(eventType, 1);
  const { attributes, statusCode } = span!;
  return {
    input: attributes["gen_ai.usage.input_tokens"],
    output: attributes["gen_ai.usage.output_tokens"],
    source: attributes["quotel.usage.source"],
    failed: statusCode === 2,
  };
}

const tokensOf = (text: string) => estimateTokens(text).tokens;

test.each(TABLE)("%s: of a stream that is cut, what the provider did not tell is estimated", async (_, one) => {
  const seen = await call(one, "cut_before_usage");
  expect(seen).toMatch(/CUT$/);
  expect(await recorded()).toEqual({
    input: one.told?.input ?? tokensOf(PROMPT),
    output: Math.max(one.told?.output ?? 0, tokensOf(SEEN)),
    source: "estimated",
    failed: true,
  });
});

test.each(TABLE)("%s: estimates change nothing of what a provider tells, nor of what the app gets", async (_, one) => {
  const seenWith = await call(one, "normal");
  const withEstimates = await recorded();
  await tapped.reset();
  estimates().on = false;
  expect(await call(one, "normal")).toBe(seenWith);
  expect(await recorded()).toEqual(withEstimates);
  expect(withEstimates.source).toBe("provider");
});

test("a stream that its caller aborts is estimated, and is no failure", async () => {
  const stop = new AbortController();
  const { path, body } = STREAMS["OpenAI chat"]!;
  const sent = { method: "POST", body: bodyFor(body, "hangs"), signal: stop.signal };
  const response = await fetch(tapped.provider.url + path("hangs"), sent);
  let seen = "";
  const reading = (async () => {
    for await (const bytes of response.body ?? []) {
      seen += Buffer.from(bytes).toString("latin1");
      if (seen.includes('"null"')) stop.abort();
    }
  })();
  await expect(reading).rejects.toThrow("abort");
  const output = tokensOf(WORDS.join(""));
  expect(await recorded()).toEqual({ input: tokensOf(PROMPT), output, source: "estimated", failed: false });
});

test("an answer whose provider tells no usage at all is estimated: chat, with its tools, and embedding", async () => {
  await call({ path: () => "/v1/chat/completions", body: { messages, tools: TOOLS } }, "tells_no_usage");
  expect(await recorded()).toEqual({
    input: tokensOf(PROMPT + JSON.stringify(TOOLS)),
    output: tokensOf(WORDS.join("")),
    source: "estimated",
    failed: false,
  });
  await tapped.reset();
  await call({ path: () => "/v1/embeddings", body: { input: [PROMPT, "Hello"] } }, "tells_no_usage");
  const input = tokensOf(`${PROMPT}Hello`);
  expect(await recorded("embedding")).toEqual({ input, output: undefined, source: "estimated", failed: false });
});

test.each<Behaviour>(["overloaded", "cut_json"])(
  "nothing is estimated for a call that brought nothing: %s",
  async (how) => {
    await call({ path: () => "/v1/chat/completions", body: { messages } }, how);
    expect(await recorded()).toMatchObject({ input: undefined, output: undefined, source: "none", failed: true });
  },
);

test("a file in a request is no text", async () => {
  const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"QUJD".repeat(50_000)}` } };
  const content = [{ type: "text", text: PROMPT }, image];
  const body = { messages: [{ role: "user", content }], stream: true };
  await call({ path: () => "/v1/chat/completions", body }, "cut_before_usage");
  expect(await recorded()).toMatchObject({ input: tokensOf(PROMPT), source: "estimated" });
});

test("a stream over node:http is estimated as one over fetch", async () => {
  const { path, body } = STREAMS["OpenAI chat"]!;
  await new Promise<void>((resolve, reject) => {
    const sent = request(tapped.provider.url + path(""), { method: "POST" }, (response) => {
      response.resume().once("error", () => resolve());
    });
    sent.once("error", reject).end(bodyFor(body, "cut_before_usage"));
  });
  expect(await recorded()).toEqual({
    input: tokensOf(PROMPT),
    output: tokensOf(SEEN),
    source: "estimated",
    failed: true,
  });
});

test("without the setting a stream that is cut stays partial", async () => {
  estimates().on = false;
  await call(STREAMS["OpenAI chat"]!, "cut_before_usage");
  expect(await recorded()).toMatchObject({ input: undefined, output: 4, source: "partial" });
});
