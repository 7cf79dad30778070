import * as fc from "fast-check";
import { expect, test } from "vitest";

import { judgeAttempt } from "../../instrumentation/src/tap/attempt/attempt-outcome.ts";
import { isMetered, parseHostRules } from "../../instrumentation/src/tap/host-rules.ts";
import { observeEventStream } from "../../instrumentation/src/tap/openai/event-stream.ts";
import { observeJsonBody } from "../../instrumentation/src/tap/openai/json-body.ts";
import { recognise } from "../../instrumentation/src/tap/openai/recognise.ts";
import { readRequestBody } from "../../instrumentation/src/tap/openai/request-body.ts";
import { readUsage } from "../../instrumentation/src/tap/openai/usage.ts";
import { providerOf } from "../../instrumentation/src/tap/attempt/provider-name.ts";

const usage = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 };

/** Feeds bytes in pieces of the given sizes, repeated, and returns what the caller sees. */
function feed(observer: ReturnType<typeof observeEventStream>, bytes: Uint8Array, sizes: readonly number[]): string {
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
      const observer = observeEventStream({ hideUsage: !asked });
      expect(feed(observer, Buffer.from(onTheWire), pieces)).toBe(asCallerWants);
      const { usage: found, complete, outputDeltas } = observer.finding();
      expect(found).toEqual(asked ? null : { inputTokens: 11, outputTokens: 4 });
      expect(complete).toBe(true);
      expect(outputDeltas).toBe(contents.filter((content) => content !== "").length);
    }),
  );
});

test("an event that was cut short reaches the caller as far as it came", () => {
  const observer = observeEventStream({ hideUsage: true });
  expect(feed(observer, Buffer.from('data: {"choices":[{"del'), [5])).toBe('data: {"choices":[{"del');
  expect(observer.finding().usage).toBeNull();
});

test("an endless event does not fill the memory and is passed on", () => {
  const observer = observeEventStream({ hideUsage: true });
  const piece = Buffer.alloc(1_048_576, "x");
  let passed = 0;
  for (let index = 0; index < 8; index += 1) passed += observer.chunk(piece).byteLength;
  expect(passed).toBeGreaterThan(4_000_000);
});

test("usage is read from the end of a JSON body too large to keep, and from no string inside it", () => {
  const observer = observeJsonBody();
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
  [{ completion_tokens: 3 }, { outputTokens: 3 }],
  [{ prompt_tokens: 7 }, { inputTokens: 7 }],
  [
    { prompt_tokens: 7, completion_tokens: 1, prompt_tokens_details: { cached_tokens: 9 } },
    { inputTokens: 7, outputTokens: 1 },
  ],
  [{ prompt_tokens: -1, completion_tokens: 2.5 }, null],
  [{ prompt_tokens: 2_000_000_000 }, null],
  [{}, null],
  [null, null],
])("the usage object %j is read as %j", (value, expected) => {
  expect(readUsage(value)).toEqual(expected);
});

test.each([
  ["POST", "https://api.openai.com/v1/chat/completions", "chat", undefined],
  ["post", "http://localhost:8080/proxy/openai/v1/embeddings?x=1", "embedding", undefined],
  ["POST", "https://r.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=1", "chat", "gpt"],
])("%s %s is recognised as %s", (method, url, eventType, deployment) => {
  expect(recognise(method, url)).toMatchObject({ eventType, deployment });
});

test.each([
  ["GET", "https://api.openai.com/v1/chat/completions"],
  ["POST", "https://api.openai.com/v1/chat/completions/chatcmpl-1"],
  ["POST", "https://example.com/search?q=/embeddings"],
  ["POST", "https://example.com/my-embeddings"],
  ["POST", "/v1/embeddings"],
])("%s %s is no provider call", (method, url) => {
  expect(recognise(method, url)).toBeNull();
});

test("asking for usage keeps everything else the caller wrote", () => {
  const body = {
    model: "m",
    messages: [],
    stream: true,
    stream_options: { include_obfuscation: false, include_usage: false },
  };
  const facts = readRequestBody("chat", JSON.stringify(body));
  expect(JSON.parse(facts!.bodyAskingForUsage!)).toEqual({
    ...body,
    stream_options: { include_obfuscation: false, include_usage: true },
  });
  expect(readRequestBody("chat", JSON.stringify({ ...body, stream: false }))!.bodyAskingForUsage).toBeNull();
  expect(
    readRequestBody("chat", JSON.stringify({ ...body, stream_options: { include_usage: true } }))!.bodyAskingForUsage,
  ).toBeNull();
  expect(readRequestBody("chat", "not json")).toBeNull();
  expect(readRequestBody("embedding", '{"messages":[]}')).toBeNull();
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

test("known hosts have their provider's name and others speak as openai", () => {
  expect(["api.openai.com", "api.groq.com", "api.x.ai", "r.openai.azure.com", "notx.ai"].map(providerOf)).toEqual([
    "openai",
    "groq",
    "x_ai",
    "azure.ai.openai",
    "openai",
  ]);
});

test("a caller who left before any output, and one who left after some, are told apart", () => {
  const finding = { ...observeEventStream({ hideUsage: false }).finding() };
  expect(judgeAttempt({ kind: "left" }, finding)).toMatchObject({ status: "failed", usageSource: "none", usage: null });
  expect(judgeAttempt({ kind: "left" }, { ...finding, outputDeltas: 5 })).toMatchObject({
    status: "ok",
    usageSource: "partial",
    usage: { outputTokens: 5 },
  });
});
