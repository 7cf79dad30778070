import * as fc from "fast-check";
import { expect, test } from "vitest";

import { observeAwsEventStream } from "../../../instrumentation/src/tap/body/aws-event-stream.ts";
import { MessageReader } from "../../../instrumentation/src/tap/body/message-reader.ts";
import { converseAnswer } from "../../../instrumentation/src/tap/formats/bedrock/converse-answer.ts";
import { invokeAnswer } from "../../../instrumentation/src/tap/formats/bedrock/invoke-answer.ts";
import { recognise } from "../../../instrumentation/src/tap/formats/formats.ts";
import { frame } from "../providers/bedrock.ts";

const HOST = "https://bedrock-runtime.us-east-1.amazonaws.com";

test.each([
  ["/model/anthropic.claude-x-v1%3A0/converse", "chat", "anthropic.claude-x-v1:0", false],
  ["/model/meta.llama3-70b/converse-stream", "chat", "meta.llama3-70b", true],
  ["/model/us.anthropic.claude-x/invoke-with-response-stream", "chat", "us.anthropic.claude-x", true],
  ["/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fmine/invoke", "chat", "mine", false],
  ["/model/amazon.titan-embed-text-v2:0/invoke", "embedding", "amazon.titan-embed-text-v2:0", false],
  ["/model/cohere.rerank-v3-5:0/invoke", "rerank", "cohere.rerank-v3-5:0", false],
  ["/model/amazon.nova-canvas-v1:0/invoke", "image", "amazon.nova-canvas-v1:0", false],
])("a POST to Bedrock's %s is recognised as %s of %s, streamed: %s", (path, eventType, model, stream) => {
  const endpoint = recognise(new URL(path, HOST));
  expect(endpoint).toMatchObject({ eventType, model, provider: "aws.bedrock", unread: { stream } });
});

test.each(["/model/m/count-tokens", "/guardrail/g/version/1/apply", "/async-invoke", "/model/m/invoke/x"])(
  "a POST to Bedrock's %s consumes no tokens that are known at once",
  (path) => {
    expect(recognise(new URL(path, HOST))).toBeNull();
  },
);

test("however a binary stream is cut into chunks, its messages are read and its bytes are untouched", () => {
  const words = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 6 });
  const sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(words, sizes, (texts, pieces) => {
      const event = (type: string, payload: object) =>
        frame({ ":event-type": type, ":message-type": "event" }, payload);
      const bytes = Buffer.concat([
        ...texts.map((text) => event("contentBlockDelta", { contentBlockIndex: 0, delta: { text } })),
        event("metadata", { usage: { inputTokens: 5, outputTokens: 4, cacheReadInputTokens: 2 } }),
      ]);
      const observer = observeAwsEventStream(new MessageReader(converseAnswer));
      const seen: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
        const size = pieces[turn % pieces.length]!;
        seen.push(observer.chunk(bytes.subarray(at, at + size)));
        at += size;
      }
      expect(Buffer.concat(seen).equals(bytes)).toBe(true);
      expect(observer.finding()).toMatchObject({
        usage: { inputTokens: 7, outputTokens: 4, cacheReadTokens: 2 },
        complete: true,
        outputDeltas: texts.filter((text) => text !== "").length,
      });
    }),
  );
});

test("bytes that are no binary stream of AWS pass without an exception", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
      const observer = observeAwsEventStream(new MessageReader(converseAnswer));
      for (const chunk of chunks) expect(observer.chunk(chunk)).toBe(chunk);
      expect(observer.finding().usage).toBeNull();
    }),
  );
  const lying = frame({ ":event-type": "metadata" }, { usage: { inputTokens: 5 } });
  lying.writeUInt32BE(9_999, 4);
  const observer = observeAwsEventStream(new MessageReader(converseAnswer));
  expect(observer.chunk(lying)).toBe(lying);
});

test.each([
  [
    "Anthropic's own figures before Bedrock's",
    {
      usage: { input_tokens: 5, cache_read_input_tokens: 3, output_tokens: 4 },
      "amazon-bedrock-invocationMetrics": { inputTokenCount: 5, outputTokenCount: 4 },
    },
    { inputTokens: 8, outputTokens: 4, cacheReadTokens: 3 },
  ],
  [
    "Bedrock's metrics",
    { outputText: "Hi", "amazon-bedrock-invocationMetrics": { inputTokenCount: 5, outputTokenCount: 4 } },
    { inputTokens: 5, outputTokens: 4 },
  ],
  ["Nova's", { usage: { inputTokens: 5, outputTokens: 4 } }, { inputTokens: 5, outputTokens: 4 }],
  ["Llama's", { prompt_token_count: 5, generation_token_count: 4 }, { inputTokens: 5, outputTokens: 4 }],
  ["Titan's", { inputTextTokenCount: 5, results: [{ tokenCount: 4 }] }, { inputTokens: 5, outputTokens: 4 }],
  ["Titan's of an embedding", { inputTextTokenCount: 5, embedding: [0.5] }, { inputTokens: 5, outputTokens: 0 }],
  ["OpenAI's", { usage: { prompt_tokens: 5, completion_tokens: 4 } }, { inputTokens: 5, outputTokens: 4 }],
])("of an invoked model's answer the usage is read: %s", (_, answer, expected) => {
  const reader = new MessageReader(invokeAnswer);
  reader.learn(answer);
  expect(reader.finding().usage).toEqual(expected);
});

test("what only Bedrock's headers say is usage, too", () => {
  const headers = new Headers({
    "x-amzn-bedrock-input-token-count": "5",
    "x-amzn-bedrock-output-token-count": "4",
    "x-amzn-bedrock-cache-write-input-token-count": "2",
  });
  const reader = new MessageReader(invokeAnswer);
  reader.learn(invokeAnswer.readHeaders!((name) => headers.get(name)));
  expect(reader.finding().usage).toEqual({ inputTokens: 7, outputTokens: 4, cacheWriteTokens: 2 });
  const without = new MessageReader(invokeAnswer);
  without.learn(invokeAnswer.readHeaders!(() => null));
  expect(without.finding()).toMatchObject({ usage: null, complete: false });
});
