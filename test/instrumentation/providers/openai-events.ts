import { INPUT_TOKENS, WORDS, endStream, eventStream, json, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

/** OpenAI's newer operations: usage as `input_tokens` and `output_tokens`, streams as named events. */
export const openaiEvents: ScriptedApi = {
  path: /\/(responses(\/compact)?|images\/\w+|audio\/\w+|moderations|batches|files|responses\/resp_1)(\?|$)/,
  contentType: "application/json",
  error: (message, type) => ({ error: { message, type, code: type } }),
  answer(call) {
    const { path, body, res } = call;
    const isStream = body["stream"] === true || body["stream"] === "true";
    if (path.includes("/responses"))
      return isStream ? streamResponse(call) : json(res, 200, response(call, "completed"));
    if (path.includes("/moderations")) return json(res, 200, { id: "modr-1", model: call.model, results: [] });
    if (path.includes("/batches") || path.includes("/files")) {
      return json(res, 200, { id: "batch_1", object: "batch", usage: { input_tokens: 5, output_tokens: 5 } });
    }
    if (path.endsWith("/speech"))
      return void res.writeHead(200, { "content-type": "audio/mpeg" }).end(Buffer.alloc(99));
    if (path.includes("/audio/")) return isStream ? streamTranscript(call) : json(res, 200, transcript(call));
    return json(res, 200, { created: 1, data: [{ b64_json: "A".repeat(3_000_000) }], usage: usage(call) });
  },
};

async function streamResponse(call: ScriptedCall): Promise<void> {
  const send = eventStream(call.res);
  const event = (type: string, rest: object) => send({ type, sequence_number: 0, ...rest }, type);
  await event("response.created", { response: response(call, "in_progress") });
  const goesOn = await sendWords(
    call,
    (delta) => event("response.output_text.delta", { item_id: "msg_1", output_index: 0, content_index: 0, delta }),
    () => event("error", { code: "server_error", message: "engine died", param: null }),
  );
  if (!goesOn || call.isGone()) return;
  await event("response.output_text.done", {
    item_id: "msg_1",
    output_index: 0,
    content_index: 0,
    text: WORDS.join(""),
  });
  const status = call.body["max_output_tokens"] === WORDS.length ? "incomplete" : "completed";
  await event(`response.${status}`, { response: response(call, status) });
  await endStream(call);
}

function response(call: ScriptedCall, status: string) {
  const text = { type: "output_text", text: WORDS.join(""), annotations: [] };
  return {
    id: "resp_1",
    object: "response",
    status,
    error: null,
    model: `${call.model}-2026`,
    output: [{ type: "message", id: "msg_1", role: "assistant", status, content: [text] }],
    service_tier: "default",
    usage: status === "in_progress" ? null : usage(call),
  };
}

async function streamTranscript(call: ScriptedCall): Promise<void> {
  const send = eventStream(call.res);
  const goesOn = await sendWords(
    call,
    (delta) => send({ type: "transcript.text.delta", delta }),
    () => send({ type: "error", code: "server_error", message: "engine died" }),
  );
  if (!goesOn || call.isGone()) return;
  await send({ type: "transcript.text.done", ...transcript(call) });
  await endStream(call, "data: [DONE]\n\n");
}

function transcript(call: ScriptedCall) {
  return { text: WORDS.join(""), usage: { type: "tokens", ...usage(call) } };
}

function usage(call: ScriptedCall) {
  call.report(INPUT_TOKENS, WORDS.length);
  return {
    input_tokens: INPUT_TOKENS,
    input_tokens_details: { cached_tokens: 3 },
    output_tokens: WORDS.length,
    output_tokens_details: { reasoning_tokens: 1 },
    total_tokens: INPUT_TOKENS + WORDS.length,
  };
}
