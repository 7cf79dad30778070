import { INPUT_TOKENS, WORDS, endStream, eventStream, json, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

/** Cohere: billed units beside other tokens; streams are JSON lines (version 1) or server-sent events (version 2). */
export const cohere: ScriptedApi = {
  path: /\/v[12]\/(chat|generate|embed|rerank)$/,
  contentType: "application/json",
  error: (message) => ({ id: "e1", message }),
  answer(call) {
    const { path, body, res } = call;
    if (path.endsWith("/rerank")) {
      const results = [{ index: 0, relevance_score: 0.5 }];
      return json(res, 200, { id: "rr1", results, meta: { billed_units: { search_units: 1 } } });
    }
    if (path.endsWith("/embed")) {
      call.report(7, 0);
      const embeddings = { float: [[0.25, -0.5]] };
      const meta = { api_version: { version: "2" }, billed_units: { input_tokens: 7 } };
      return json(res, 200, { response_type: "embeddings_by_type", id: "em1", embeddings, texts: ["Hello"], meta });
    }
    const isV2 = path.includes("/v2/");
    if (body["stream"] === true) return isV2 ? streamEvents(call) : streamLines(call);
    const text = WORDS.join("");
    const message = { role: "assistant", content: [{ type: "text", text }] };
    if (isV2) return json(res, 200, { id: "c1", finish_reason: "COMPLETE", message, usage: usage(call) });
    json(res, 200, { generation_id: "g1", text, finish_reason: "COMPLETE", meta: usage(call) });
  },
};

async function streamEvents(call: ScriptedCall): Promise<void> {
  const send = eventStream(call.res);
  const event = (type: string, rest: object) => send({ type, ...rest }, type);
  await event("message-start", { id: "c1", delta: { message: { role: "assistant", content: [] } } });
  await event("content-start", { index: 0, delta: { message: { content: { type: "text", text: "" } } } });
  const goesOn = await sendWords(
    call,
    (text) => event("content-delta", { index: 0, delta: { message: { content: { text } } } }),
    () => event("message-end", { delta: { error: "engine died", finish_reason: "ERROR" } }),
  );
  if (!goesOn) return;
  await event("content-end", { index: 0 });
  await event("message-end", { delta: { finish_reason: "COMPLETE", usage: usage(call) } });
  await endStream(call, "data: [DONE]\n\n");
}

async function streamLines(call: ScriptedCall): Promise<void> {
  const { res } = call;
  res.writeHead(200, { "content-type": "application/stream+json" });
  const line = (event_type: string, rest: object) =>
    new Promise<void>((resolve) =>
      res.write(`${JSON.stringify({ is_finished: false, event_type, ...rest })}\n`, () => resolve()),
    );
  await line("stream-start", { generation_id: "g1" });
  const goesOn = await sendWords(
    call,
    (text) => line("text-generation", { text }),
    () => line("stream-end", { is_finished: true, finish_reason: "ERROR", response: { text: "" } }),
  );
  if (!goesOn) return;
  const response = { generation_id: "g1", text: WORDS.join(""), meta: usage(call) };
  await line("stream-end", { is_finished: true, finish_reason: "COMPLETE", response });
  await endStream(call);
}

function usage(call: ScriptedCall) {
  call.report(INPUT_TOKENS, WORDS.length);
  return {
    billed_units: { input_tokens: INPUT_TOKENS, output_tokens: WORDS.length },
    tokens: { input_tokens: INPUT_TOKENS + 60, output_tokens: WORDS.length + 1 },
    cached_tokens: 3,
  };
}
