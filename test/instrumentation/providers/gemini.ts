import { INPUT_TOKENS, WORDS, endStream, eventStream, json, pause, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

const THOUGHTS = 2;
const TOOL_INPUT = 4;

/** Gemini: usage so far in every message of a stream, which is server-sent events or, without `alt=sse`, one JSON array. */
export const gemini: ScriptedApi = {
  path: /\/models\/[^/]+:\w+|\/interactions$/,
  contentType: "application/json",
  error: (message, status) => ({ error: { code: 500, message, status: status.toUpperCase() } }),
  answer(call) {
    const { path, res } = call;
    if (path.includes(":countTokens")) return json(res, 200, { totalTokens: INPUT_TOKENS });
    if (path.endsWith("/interactions")) return interaction(call);
    if (path.includes(":embedContent") || path.includes(":batchEmbedContents")) {
      call.report(7, 0);
      const values = [0.25, -0.5];
      return json(res, 200, {
        embedding: { values },
        embeddings: [{ values }],
        usageMetadata: { promptTokenCount: 7 },
      });
    }
    if (path.includes(":predict")) {
      call.report(7, 0);
      const embeddings = { values: [0.25], statistics: { token_count: 7, truncated: false } };
      return json(res, 200, { predictions: [{ embeddings }] });
    }
    if (path.includes(":streamGenerateContent"))
      return path.includes("alt=sse") ? streamEvents(call) : streamArray(call);
    call.report(INPUT_TOKENS + TOOL_INPUT, WORDS.length + THOUGHTS);
    json(res, 200, message(call, WORDS.join(""), WORDS.length, "STOP"));
  },
};

async function streamEvents(call: ScriptedCall): Promise<void> {
  const send = eventStream(call.res);
  await stream(call, send);
}

async function streamArray(call: ScriptedCall): Promise<void> {
  const { res } = call;
  res.writeHead(200, { "content-type": "application/json; charset=UTF-8" });
  let before = "[";
  await stream(call, (data) => {
    const text = `${before}${JSON.stringify(data, null, 2)}`;
    before = "\r\n,\r\n";
    return new Promise((resolve) => res.write(text, () => resolve()));
  });
  if (call.behaviour === "normal") res.end("]");
}

async function stream(call: ScriptedCall, send: (data: object) => Promise<void>): Promise<void> {
  const goesOn = await sendWords(
    call,
    (word, index) => send(message(call, word, index + 1)),
    () => send({ error: { code: 503, message: "engine died", status: "UNAVAILABLE" } }),
  );
  if (!goesOn) return;
  call.report(INPUT_TOKENS + TOOL_INPUT, WORDS.length + THOUGHTS);
  await send(message(call, "", WORDS.length, "STOP"));
  if (call.path.includes("alt=sse")) await endStream(call);
}

function message(call: ScriptedCall, text: string, outputTokens: number, finishReason?: string) {
  return {
    candidates: [{ content: { role: "model", parts: [{ text }] }, index: 0, ...(finishReason && { finishReason }) }],
    usageMetadata: {
      promptTokenCount: INPUT_TOKENS,
      cachedContentTokenCount: 3,
      toolUsePromptTokenCount: TOOL_INPUT,
      candidatesTokenCount: outputTokens,
      thoughtsTokenCount: THOUGHTS,
      totalTokenCount: INPUT_TOKENS + TOOL_INPUT + outputTokens + THOUGHTS,
    },
    modelVersion: `${call.model}-2026`,
    responseId: "r1",
  };
}

async function interaction(call: ScriptedCall): Promise<void> {
  const whole = (status: string) => ({ id: "i1", object: "interaction", model: `${call.model}-2026`, status });
  const usage = () => {
    call.report(INPUT_TOKENS, WORDS.length + THOUGHTS);
    return {
      total_input_tokens: INPUT_TOKENS,
      total_output_tokens: WORDS.length,
      total_thought_tokens: THOUGHTS,
      total_tokens: INPUT_TOKENS + WORDS.length + THOUGHTS,
    };
  };
  if (call.body["stream"] !== true) return json(call.res, 200, { ...whole("completed"), usage: usage() });
  const send = eventStream(call.res);
  await send({ event_type: "interaction.created", interaction: whole("in_progress") });
  const goesOn = await sendWords(
    call,
    (text) => send({ event_type: "step.delta", index: 0, delta: { type: "text", text } }),
    () => send({ event_type: "error", error: { code: "unavailable", message: "engine died" } }),
  );
  if (!goesOn) return;
  await send({ event_type: "interaction.completed", interaction: { ...whole("completed"), usage: usage() } });
  await pause(1);
  await endStream(call, "data: [DONE]\n\n");
}
