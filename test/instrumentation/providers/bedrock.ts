import { crc32 } from "node:zlib";

import { INPUT_TOKENS, WORDS, endStream, json, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

const CACHE_READ = 3;
const CACHE_WRITE = 2;

/** AWS Bedrock: Converse, and InvokeModel with an Anthropic model; streams in AWS' binary framing. */
export const bedrock: ScriptedApi = {
  path: /\/model\/[^/]+\/(converse|invoke)/,
  contentType: "application/json",
  error: (message) => ({ message }),
  answer(call) {
    if (call.path.endsWith("/converse-stream")) return streamConverse(call);
    if (call.path.endsWith("/invoke-with-response-stream")) return streamInvoke(call);
    call.report(INPUT_TOKENS, WORDS.length);
    if (call.path.endsWith("/converse")) {
      const message = { role: "assistant", content: [{ text: WORDS.join("") }] };
      return json(call.res, 200, {
        output: { message },
        stopReason: "end_turn",
        usage: usage(),
        metrics: { latencyMs: 5 },
      });
    }
    const headers = {
      "x-amzn-bedrock-input-token-count": INPUT_TOKENS,
      "x-amzn-bedrock-output-token-count": WORDS.length,
    };
    call.res.writeHead(200, { "content-type": "application/json", ...headers });
    call.res.end(JSON.stringify({ embedding: [0.5], completion: WORDS.join("") }));
  },
};

async function streamConverse(call: ScriptedCall): Promise<void> {
  const send = frames(call);
  await send("messageStart", { role: "assistant" });
  const goesOn = await sendWords(
    call,
    (text) => send("contentBlockDelta", { contentBlockIndex: 0, delta: { text } }),
    () => sendException(call),
  );
  if (!goesOn || call.isGone()) return;
  await send("contentBlockStop", { contentBlockIndex: 0 });
  await send("messageStop", { stopReason: "end_turn" });
  call.report(INPUT_TOKENS, WORDS.length);
  await send("metadata", { usage: usage(), metrics: { latencyMs: 5 } });
  await endStream(call);
}

async function streamInvoke(call: ScriptedCall): Promise<void> {
  const send = frames(call);
  const chunk = (message: object) => send("chunk", { bytes: Buffer.from(JSON.stringify(message)).toString("base64") });
  const start = { input_tokens: INPUT_TOKENS - CACHE_READ, cache_read_input_tokens: CACHE_READ, output_tokens: 1 };
  await chunk({ type: "message_start", message: { id: "msg_1", model: "claude", usage: start } });
  const goesOn = await sendWords(
    call,
    (text) => chunk({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    () => sendException(call),
  );
  if (!goesOn || call.isGone()) return;
  call.report(INPUT_TOKENS, WORDS.length);
  await chunk({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: WORDS.length } });
  const metrics = { inputTokenCount: INPUT_TOKENS - CACHE_READ, outputTokenCount: WORDS.length };
  await chunk({ type: "message_stop", "amazon-bedrock-invocationMetrics": metrics });
  await endStream(call);
}

function usage() {
  return {
    inputTokens: INPUT_TOKENS - CACHE_READ - CACHE_WRITE,
    outputTokens: WORDS.length,
    totalTokens: INPUT_TOKENS + WORDS.length,
    cacheReadInputTokens: CACHE_READ,
    cacheWriteInputTokens: CACHE_WRITE,
  };
}

function frames({ res }: ScriptedCall): (event: string, payload: object) => Promise<void> {
  res.writeHead(200, { "content-type": "application/vnd.amazon.eventstream" });
  return (event, payload) => {
    const headers = { ":event-type": event, ":content-type": "application/json", ":message-type": "event" };
    return new Promise((resolve) => res.write(frame(headers, payload), () => resolve()));
  };
}

async function sendException({ res }: ScriptedCall): Promise<void> {
  const headers = {
    ":exception-type": "modelStreamErrorException",
    ":content-type": "application/json",
    ":message-type": "exception",
  };
  await new Promise<void>((resolve) => res.write(frame(headers, { message: "engine died" }), () => resolve()));
}

/** One message of the framing, with its checksums. */
export function frame(headers: Readonly<Record<string, string>>, payload: object): Buffer {
  const head = Buffer.concat(
    Object.entries(headers).map(([name, value]) => {
      const size = Buffer.alloc(2);
      size.writeUInt16BE(Buffer.byteLength(value));
      return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), size, Buffer.from(value)]);
    }),
  );
  const body = Buffer.from(JSON.stringify(payload));
  const message = Buffer.alloc(16 + head.length + body.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(head.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  head.copy(message, 12);
  body.copy(message, 12 + head.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}
