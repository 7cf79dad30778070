import { INPUT_TOKENS, WORDS, endStream, eventStream, json, sendWords } from "./script.ts";
import type { ScriptedApi, ScriptedCall } from "./script.ts";

/** OpenAI's chat completions, legacy completions and embeddings, as compatible hosts speak them too. */
export const openaiCompletions: ScriptedApi = {
  path: /\/(completions|embeddings)(\?|$)/,
  contentType: "application/json",
  error: (message, type) => ({ error: { message, type, code: type } }),
  answer(call) {
    const { path, body, behaviour, res } = call;
    if (behaviour === "rejects_stream_options" && body["stream_options"] !== undefined) {
      return json(res, 400, { error: { message: "Unrecognized request argument supplied: stream_options" } });
    }
    if (path.includes("/embeddings")) {
      call.report(7, 0);
      const data = [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }];
      const usage = behaviour === "tells_no_usage" ? undefined : { prompt_tokens: 7, total_tokens: 7 };
      return json(res, 200, { object: "list", data, model: call.model, usage });
    }
    const isChat = path.includes("/chat/");
    const object = isChat ? "chat.completion" : "text_completion";
    const tool = toolCalled(call);
    if (body["stream"] === true) return tool === null ? stream(call, object) : streamToolCall(call, tool);
    if (tool !== null) {
      const choice = { index: 0, message: { role: "assistant", content: null, tool_calls: [tool] } };
      const choices = [{ ...choice, finish_reason: "tool_calls" }];
      return json(res, 200, { ...envelope(call, object), choices, usage: usage(call) });
    }
    const text = WORDS.map((word, index) => written(call, word, index)).join("");
    const message = { role: "assistant", content: text };
    const choice = { index: 0, ...(isChat ? { message } : { text }), finish_reason: "stop" };
    const told = behaviour === "tells_no_usage" ? undefined : usage(call);
    return json(res, 200, { ...envelope(call, object), choices: [choice], usage: told });
  },
};

async function stream(call: ScriptedCall, object: string): Promise<void> {
  const isChat = object === "chat.completion";
  const base = envelope(call, isChat ? `${object}.chunk` : object);
  const asked = asksForUsage(call);
  const everyChunk = call.behaviour === "usage_in_every_chunk";
  const send = eventStream(call.res);
  const withUsage = (chunk: object, output: number) => {
    const figures = { prompt_tokens: INPUT_TOKENS, completion_tokens: output, total_tokens: INPUT_TOKENS + output };
    return everyChunk ? { ...chunk, usage: figures } : asked ? { ...chunk, usage: null } : chunk;
  };
  const delta = (content: string | undefined, finish: string | null) => ({
    ...base,
    choices: [
      {
        index: 0,
        ...(isChat ? { delta: content === undefined ? {} : { content } } : { text: content ?? "" }),
        finish_reason: finish,
      },
    ],
  });

  const first = { ...base, choices: [{ index: 0, delta: { role: "assistant", content: "" }, finish_reason: null }] };
  if (isChat) await send(withUsage(first, 0));
  const goesOn = await sendWords(
    call,
    (word, index) => send(withUsage(delta(written(call, word, index), null), index + 1)),
    () => send({ error: { message: "engine died", type: "server_error" } }),
  );
  if (!goesOn || call.isGone()) return;
  if (call.behaviour === "groq_usage") {
    await send({ ...delta(undefined, "stop"), x_groq: { id: "req_1", usage: usage(call) } });
  } else {
    await send(withUsage(delta(undefined, "stop"), WORDS.length));
    if (everyChunk) call.report(INPUT_TOKENS, WORDS.length);
    else if (asked) await send({ ...base, choices: [], usage: usage(call) });
  }
  await endStream(call, "data: [DONE]\n\n");
}

/** A word as it is sent: a request that asks for JSON gets `{"greeting":"..."}`. */
function written({ body }: ScriptedCall, word: string, index: number): string {
  if (body["response_format"] === undefined) return word;
  const inJson = JSON.stringify(word).slice(1, -1);
  return (index === 0 ? '{"greeting":"' : "") + inJson + (index === WORDS.length - 1 ? '"}' : "");
}

interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { readonly name: string; readonly arguments: string };
}

/** The tool that the answer asks for; null: it is text. */
function toolCalled({ behaviour, body }: ScriptedCall): ToolCall | null {
  const { messages, tools } = body as {
    messages?: readonly { role: string }[];
    tools?: readonly { function: { name: string } }[];
  };
  const tool = tools?.[0];
  const results = (messages ?? []).filter(({ role }) => role === "tool").length;
  if (behaviour !== "calls_a_tool" || tool === undefined || results === 2) return null;
  return {
    id: `call_${results}`,
    type: "function",
    function: { name: tool.function.name, arguments: '{"city":"Graz"}' },
  };
}

async function streamToolCall(call: ScriptedCall, tool: ToolCall): Promise<void> {
  const send = eventStream(call.res);
  const base = envelope(call, "chat.completion.chunk");
  const delta = { role: "assistant", content: null, tool_calls: [{ index: 0, ...tool }] };
  await send({ ...base, choices: [{ index: 0, delta, finish_reason: null }] });
  await send({ ...base, choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] });
  if (asksForUsage(call)) await send({ ...base, choices: [], usage: usage(call) });
  await endStream(call, "data: [DONE]\n\n");
}

function asksForUsage({ body }: ScriptedCall): boolean {
  return (body["stream_options"] as { include_usage?: boolean } | undefined)?.include_usage === true;
}

function usage(call: ScriptedCall) {
  call.report(INPUT_TOKENS, WORDS.length);
  return {
    prompt_tokens: INPUT_TOKENS,
    completion_tokens: WORDS.length,
    total_tokens: INPUT_TOKENS + WORDS.length,
    prompt_tokens_details: { cached_tokens: 3 },
    completion_tokens_details: { reasoning_tokens: 1 },
  };
}

function envelope({ model }: ScriptedCall, object: string) {
  return { id: "chatcmpl-1", object, created: 1, model: `${model}-2026`, service_tier: "default" };
}
