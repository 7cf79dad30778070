import { expect, test } from "vitest";

import { observeEventStream } from "../../../instrumentation/src/tap/body/event-stream.ts";
import { MessageReader } from "../../../instrumentation/src/tap/body/message-reader.ts";
import { anthropicAnswer } from "../../../instrumentation/src/tap/formats/anthropic.ts";
import { recognise } from "../../../instrumentation/src/tap/formats/formats.ts";

test.each([
  ["https://api.anthropic.com/v1/messages?beta=true", "anthropic", undefined],
  ["https://api.deepseek.com/anthropic/v1/messages", "anthropic", undefined],
  [
    "https://us-east5-aiplatform.googleapis.com/v1/projects/p/locations/us-east5/publishers/anthropic/models/claude-x:streamRawPredict",
    "gcp.vertex_ai",
    "claude-x",
  ],
])("an Anthropic message is recognised at %s", (url, provider, model) => {
  expect(recognise(new URL(url))).toMatchObject({ eventType: "chat", operation: "chat", provider, model });
});

test.each(["/v1/messages/count_tokens", "/v1/messages/batches", "/v1/messages/batches/b_1/results", "/api/messages"])(
  "a POST to %s consumes no Anthropic tokens",
  (path) => {
    expect(recognise(new URL(path, "https://api.anthropic.com"))).toBeNull();
  },
);

test("a chat app's own messages are not taken for Anthropic's", () => {
  const endpoint = recognise(new URL("https://chat.example.com/v1/messages"))!;
  expect(endpoint.readRequest({ messages: ["hello"], room: "r1" })).toBeNull();
});

test("the input is the sum of its cache classes, and what the totals leave out is added", () => {
  const iterations = [
    { type: "message", input_tokens: 6, output_tokens: 4 },
    { type: "compaction", input_tokens: 100, output_tokens: 10, cache_read_input_tokens: 20 },
    { type: "advisor_message", input_tokens: 1, output_tokens: 2, cache_creation_input_tokens: 3 },
  ];
  const usage = {
    input_tokens: 6,
    output_tokens: 4,
    cache_read_input_tokens: 3,
    cache_creation_input_tokens: null,
    output_tokens_details: { thinking_tokens: 2 },
  };
  expect(anthropicAnswer.usage(usage)).toEqual({
    inputTokens: 9,
    outputTokens: 4,
    cacheReadTokens: 3,
    reasoningTokens: 2,
  });
  expect(anthropicAnswer.usage({ ...usage, iterations })).toMatchObject({
    inputTokens: 6 + 3 + 100 + 20 + 1 + 3,
    outputTokens: 16,
    cacheReadTokens: 23,
    cacheWriteTokens: 3,
  });
  expect(anthropicAnswer.usage({ cache_read_input_tokens: 1 })).toBeNull();
});

test("an Anthropic stream's figures are final with the reason to stop, thinking and tool input counted as output", () => {
  const observer = observeEventStream(new MessageReader(anthropicAnswer), undefined);
  const send = (data: object) => observer.chunk(Buffer.from(`event: x\ndata: ${JSON.stringify(data)}\n\n`));
  const usage = { input_tokens: 6, cache_read_input_tokens: 3, output_tokens: 1 };
  send({ type: "message_start", message: { id: "msg_1", model: "claude-x", usage } });
  send({ type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm" } });
  send({ type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Hi" } });
  send({ type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "{" } });
  send({ type: "content_block_delta", index: 2, delta: { type: "input_json_delta", partial_json: "" } });
  send({ type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "c2ln" } });
  send({ type: "message_delta", delta: { stop_reason: null }, usage: { output_tokens: 9 } });
  expect(observer.finding()).toMatchObject({ outputDeltas: 3, complete: false, responseModel: "claude-x" });
  send({ type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 12 } });
  expect(observer.finding()).toMatchObject({
    complete: true,
    usage: { inputTokens: 9, outputTokens: 12, cacheReadTokens: 3 },
  });
});
