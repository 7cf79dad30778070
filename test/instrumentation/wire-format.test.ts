import * as fc from "fast-check";
import { expect, test } from "vitest";

import { judgeAttempt } from "../../instrumentation/src/tap/attempt/attempt-outcome.ts";
import { isMetered, parseHostRules } from "../../instrumentation/src/tap/host-rules.ts";
import { knownProviderOf } from "../../instrumentation/src/tap/attempt/provider-name.ts";
import { observeEventStream } from "../../instrumentation/src/tap/body/event-stream.ts";
import type { BodyObserver } from "../../instrumentation/src/tap/body/finding.ts";
import { observeJsonBody } from "../../instrumentation/src/tap/body/json-body.ts";
import { MessageReader } from "../../instrumentation/src/tap/body/message-reader.ts";
import { recognise } from "../../instrumentation/src/tap/formats/formats.ts";
import { chatAnswer, eventAnswer } from "../../instrumentation/src/tap/formats/openai/answer.ts";
import { readUsage } from "../../instrumentation/src/tap/formats/openai/usage.ts";
import { recogniseCall, resendCountOf } from "../../instrumentation/src/tap/provider-call.ts";

const usage = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 };

function chatStream(hideUnasked: boolean): BodyObserver {
  return observeEventStream(new MessageReader(chatAnswer), hideUnasked ? chatAnswer.unasked : undefined);
}

/** Feeds bytes in pieces of the given sizes, repeated, and returns what the caller sees. */
function feed(observer: BodyObserver, bytes: Uint8Array, sizes: readonly number[]): string {
  const seen: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const size = sizes[index % sizes.length]!;
    seen.push(observer.chunk(bytes.slice(at, at + size)));
    at += size;
  }
  seen.push(observer.rest());
  return Buffer.concat(seen).toString("utf8");
}

test("however a stream is cut into chunks and lines, the caller sees the same bytes and the usage is found", () => {
  const words = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 8 });
  const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 8 });
  const newline = fc.constantFrom("\n", "\r\n", "\r");
  fc.assert(
    fc.property(words, sizes, newline, fc.boolean(), (contents, pieces, end, asked) => {
      const event = (chunk: unknown) => `data: ${JSON.stringify(chunk)}${end}${end}`;
      const deltas = contents.map((content) => ({ model: "m", choices: [{ delta: { content } }] }));
      const asCallerWants = deltas.map(event).join("") + `: keep-alive${end}${end}data: [DONE]${end}${end}`;
      const onTheWire =
        deltas.map((delta) => event(asked ? delta : { ...delta, usage: null })).join("") +
        `: keep-alive${end}${end}` +
        (asked ? "" : event({ model: "m", choices: [], usage })) +
        `data: [DONE]${end}${end}`;
      const observer = chatStream(!asked);
      expect(feed(observer, Buffer.from(onTheWire), pieces)).toBe(asCallerWants);
      const { usage: found, complete, outputDeltas } = observer.finding();
      expect(found).toEqual(asked ? null : { inputTokens: 11, outputTokens: 4 });
      expect(complete).toBe(true);
      expect(outputDeltas).toBe(contents.filter((content) => content !== "").length);
    }),
  );
});

test("an event that was cut short reaches the caller as far as it came", () => {
  const observer = chatStream(true);
  expect(feed(observer, Buffer.from('data: {"choices":[{"del'), [5])).toBe('data: {"choices":[{"del');
  expect(observer.finding().usage).toBeNull();
});

test("an endless event does not fill the memory and is passed on", () => {
  const observer = chatStream(true);
  const piece = Buffer.alloc(1_048_576, "x");
  let passed = 0;
  for (let index = 0; index < 8; index += 1) passed += observer.chunk(piece).byteLength;
  expect(passed).toBeGreaterThan(4_000_000);
});

test("usage is read from the end of a JSON body too large to keep, and from no string inside it", () => {
  const observer = observeJsonBody(new MessageReader(eventAnswer), ["usage"]);
  const data = Array.from({ length: 30_000 }, (_, index) => ({
    index,
    embedding: '"usage": {"prompt_tokens": 999}'.repeat(4),
  }));
  const body = Buffer.from(
    JSON.stringify({ data, model: "e", usage: { ...usage, prompt_tokens_details: { cached_tokens: 2 } } }),
  );
  expect(body.length).toBeGreaterThan(2_097_152);
  for (let at = 0; at < body.length; at += 65_536) observer.chunk(body.subarray(at, at + 65_536));
  observer.rest();
  expect(observer.finding().usage).toEqual({ inputTokens: 11, outputTokens: 4, cacheReadTokens: 2 });
});

test.each([
  [
    { prompt_tokens: 7, total_tokens: 7 },
    { inputTokens: 7, outputTokens: 0 },
  ],
  [
    { prompt_tokens: 7, total_tokens: 12 },
    { inputTokens: 7, outputTokens: 5 },
  ],
  [
    { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, completion_tokens_details: { reasoning_tokens: 94 } },
    { inputTokens: 32, outputTokens: 103, reasoningTokens: 94 },
  ],
  [
    {
      input_tokens: 20,
      input_tokens_details: { cached_tokens: 8, cache_write_tokens: 4 },
      output_tokens: 5,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 25,
    },
    { inputTokens: 20, outputTokens: 5, cacheReadTokens: 8, cacheWriteTokens: 4, reasoningTokens: 2 },
  ],
  [{ completion_tokens: 3 }, { outputTokens: 3 }],
  [{ prompt_tokens: 7 }, { inputTokens: 7 }],
  [
    { prompt_tokens: 7, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
    { inputTokens: 7, outputTokens: 1 },
  ],
  [{ prompt_tokens: -1, completion_tokens: 2.5 }, null],
  [{ prompt_tokens: 2_000_000_000 }, null],
  [{}, null],
])("the usage object %j is read as %j", (value, expected) => {
  expect(readUsage(value)).toEqual(expected);
});

test.each([
  ["https://api.openai.com/v1/chat/completions", "chat", "chat", undefined],
  ["http://localhost:8080/proxy/openai/v1/embeddings?x=1", "embedding", "embeddings", undefined],
  ["https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1", "chat", "chat", "gpt"],
  ["https://r.openai.azure.com/openai/v1/responses?api-version=preview", "chat", "chat", undefined],
  ["http://localhost:11434/v1/completions", "chat", "text_completion", undefined],
  ["https://api.openai.com/v1/responses/compact", "chat", "chat", undefined],
  ["https://api.openai.com/v1/images/edits", "image", "image", undefined],
  ["https://api.openai.com/v1/audio/transcriptions", "audio", "audio", undefined],
  ["https://api.openai.com/v1/moderations/", "moderation", "moderation", undefined],
])("a POST to %s is recognised as %s, operation %s, model %s", (url, eventType, operation, model) => {
  expect(recognise(new URL(url))).toMatchObject({ eventType, operation, model });
});

test.each([
  ["GET", "https://api.openai.com/v1/chat/completions"],
  ["POST", "https://api.openai.com/v1/chat/completions/chatcmpl-1"],
  ["GET", "https://api.openai.com/v1/responses/resp_1"],
  ["POST", "https://api.openai.com/v1/responses/resp_1/cancel"],
  ["POST", "https://api.openai.com/v1/responses/input_tokens"],
  ["POST", "https://api.openai.com/v1/batches"],
  ["POST", "https://api.openai.com/v1/files"],
  ["POST", "https://example.com/search?q=/embeddings"],
  ["POST", "https://example.com/my-embeddings"],
  ["POST", "/v1/embeddings"],
])("%s %s is no provider call that consumes anything", (method, url) => {
  expect(recogniseCall(method, url, { allowed: [], denied: [] })).toBeNull();
});

function readRequest(url: string, body: object) {
  return recognise(new URL(url))!.readRequest({ ...body });
}

test("asking for usage keeps everything else the caller wrote", () => {
  const url = "https://api.openai.com/v1/chat/completions";
  const body = {
    model: "m",
    messages: [],
    stream: true,
    stream_options: { include_obfuscation: false, include_usage: false },
  };
  expect(readRequest(url, body)!.askingForUsage).toEqual({
    ...body,
    stream_options: { include_obfuscation: false, include_usage: true },
  });
  expect(readRequest(url, { ...body, stream: false })!.askingForUsage).toBeNull();
  expect(readRequest(url, { ...body, stream_options: { include_usage: true } })!.askingForUsage).toBeNull();
});

test.each([
  ["chat/completions", { model: "m" }],
  ["completions", { model: "m" }],
  ["embeddings", { messages: [] }],
  ["responses", { answers: ["yes"] }],
  ["moderations", { text: "x" }],
  ["images/generations", { model: "m" }],
  ["audio/speech", { model: "m" }],
])("a POST to /%s with the fields %j is somebody else's", (path, body) => {
  expect(readRequest(`https://example.com/v1/${path}`, body)).toBeNull();
});

test("how often an operation was sent before is read from what its SDK writes on the attempt", () => {
  const sent: Record<string, string>[] = [
    { "x-stainless-retry-count": "2" },
    { "amz-sdk-request": "attempt=2; max=3" },
    {},
  ];
  const counted = sent.map((headers) => resendCountOf((name) => new Headers(headers).get(name)));
  expect(counted).toEqual([2, 1, undefined]);
});

test("host rules allow by name, suffix and port, and denial wins", () => {
  const rules = (text: string) => {
    const parsed = parseHostRules(text);
    if (parsed.kind === "invalid") throw new Error(parsed.problem);
    return (url: string) => isMetered(new URL(url), parsed.rules);
  };
  expect(rules("")("https://anything.example")).toBe(true);
  const some = rules("api.openai.com, *.example.com, localhost:9000, !bad.example.com");
  const urls = [
    "https://api.openai.com",
    "https://a.example.com",
    "http://localhost:9000",
    "https://bad.example.com",
    "http://localhost:9001",
    "https://example.com",
  ];
  expect(urls.map(some)).toEqual([true, true, true, false, false, false]);
  expect(parseHostRules("https://api.openai.com/").kind).toBe("invalid");
});

test("known hosts have their provider's name and others none", () => {
  const hosts = [
    "api.openai.com",
    "api.groq.com",
    "api.x.ai",
    "r.openai.azure.com",
    "us-east1-aiplatform.googleapis.com",
    "bedrock-runtime.us-east-1.amazonaws.com",
    "notx.ai",
  ];
  expect(hosts.map(knownProviderOf)).toEqual([
    "openai",
    "groq",
    "x_ai",
    "azure.ai.openai",
    "gcp.vertex_ai",
    "aws.bedrock",
    undefined,
  ]);
});

test("a caller who left before any output, and one who left after some, are told apart", () => {
  const finding = { ...chatStream(false).finding() };
  const left = { kind: "left", drained: false } as const;
  expect(judgeAttempt(left, finding)).toMatchObject({ status: "failed", usageSource: "none", usage: null });
  expect(judgeAttempt(left, { ...finding, outputDeltas: 5 })).toMatchObject({
    status: "ok",
    usageSource: "partial",
    usage: { outputTokens: 5 },
  });
});
