import { INPUT_TOKENS, WORDS, endStream, eventStream, json, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

const CACHE_READ = 3;
const CACHE_WRITE = 2;

/** Anthropic messages: cached input apart from `input_tokens`, the stream's usage at its two ends. */
export const anthropic: ScriptedApi = {
  path: /\/v1\/messages|rawPredict/i,
  contentType: "application/json",
  error: (message, type) => ({ type: "error", error: { type, message } }),
  answer(call) {
    if (call.path.endsWith("/count_tokens")) return json(call.res, 200, { input_tokens: INPUT_TOKENS });
    if (call.body["stream"] === true) return stream(call);
    call.report(INPUT_TOKENS, WORDS.length);
    const content = [{ type: "text", text: WORDS.join("") }];
    json(call.res, 200, { ...message(call), content, stop_reason: "end_turn", usage: usage(WORDS.length) });
  },
};

async function stream(call: ScriptedCall): Promise<void> {
  const send = eventStream(call.res);
  const event = (type: string, rest: object) => send({ type, ...rest }, type);
  await event("message_start", { message: { ...message(call), content: [], stop_reason: null, usage: usage(1) } });
  await event("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  await event("ping", {});
  const goesOn = await sendWords(
    call,
    (text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
    () => event("error", { error: { type: "overloaded_error", message: "Overloaded" } }),
  );
  if (!goesOn) return;
  await event("content_block_stop", { index: 0 });
  call.report(INPUT_TOKENS, WORDS.length);
  await event("message_delta", {
    delta: { stop_reason: "end_turn", stop_sequence: null },
    usage: { output_tokens: WORDS.length },
  });
  if (call.behaviour !== "cut_after_usage") await event("message_stop", {});
  await endStream(call);
}

function message({ model }: ScriptedCall) {
  return { id: "msg_1", type: "message", role: "assistant", model: `${model}-2026`, stop_sequence: null };
}

function usage(outputTokens: number) {
  return {
    input_tokens: INPUT_TOKENS - CACHE_READ - CACHE_WRITE,
    cache_read_input_tokens: CACHE_READ,
    cache_creation_input_tokens: CACHE_WRITE,
    cache_creation: { ephemeral_5m_input_tokens: CACHE_WRITE, ephemeral_1h_input_tokens: 0 },
    output_tokens: outputTokens,
    service_tier: "standard",
  };
}
