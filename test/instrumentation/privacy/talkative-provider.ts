import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

import { ANSWERED } from "./canaries.ts";

/** A provider that says everything it can say, and keeps all that it is told. */
export interface TalkativeProvider {
  readonly url: string;
  /** Lines, headers and bodies of all requests. */
  told(): string;
  close(): Promise<void>;
}

const headers = { "x-request-id": ANSWERED["answer-header"], "set-cookie": ANSWERED["answer-header"] };
const usage = { prompt_tokens: 5, completion_tokens: 4, total_tokens: 9 };
const error = { message: ANSWERED["error-message"], type: "invalid_request_error", param: ANSWERED["error-param"] };
const call = { name: "look_up", arguments: JSON.stringify({ q: ANSWERED["tool-argument"] }) };
const words = {
  role: "assistant",
  content: ANSWERED["completion"],
  reasoning_content: ANSWERED["reasoning"],
  refusal: ANSWERED["refusal"],
  tool_calls: [{ index: 0, id: "call_1", type: "function", function: call }],
};

/** Each API's answer, as one object and as the events of a stream. */
const APIS: readonly { path: RegExp; answer: (model: string) => object; events: (model: string) => object[] }[] = [
  {
    path: /\/chat\/completions/,
    answer: (model) => ({ id: "chatcmpl-1", model, choices: [{ index: 0, message: words }], usage }),
    events: (model) => [
      { id: "chatcmpl-1", model, choices: [{ index: 0, delta: words }] },
      { id: "chatcmpl-1", model, choices: [], usage },
    ],
  },
  {
    path: /\/embeddings/,
    answer: (model) => ({ model, data: [{ index: 0, embedding: [0.5] }], usage }),
    events: () => [],
  },
  {
    path: /\/audio\/transcriptions/,
    answer: () => ({ text: ANSWERED["transcript"], usage: { type: "tokens", input_tokens: 5, output_tokens: 4 } }),
    events: () => [],
  },
  {
    path: /\/v1\/messages/,
    answer: (model) => ({
      id: "msg_1",
      type: "message",
      role: "assistant",
      model,
      content: [
        { type: "thinking", thinking: ANSWERED["reasoning"], signature: "s" },
        { type: "text", text: ANSWERED["completion"] },
        { type: "tool_use", id: "t_1", name: "look_up", input: { q: ANSWERED["tool-argument"] } },
      ],
      stop_reason: "end_turn",
      usage: { input_tokens: 5, output_tokens: 4 },
    }),
    events: (model) => [
      {
        type: "message_start",
        message: { id: "msg_1", type: "message", model, content: [], usage: { input_tokens: 5 } },
      },
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "tool_use", id: "t_1", name: "look_up", input: {} },
      },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: call.arguments } },
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 4 } },
      { type: "message_stop" },
    ],
  },
  {
    path: /:generateContent/,
    answer: (model) => ({
      modelVersion: model,
      candidates: [{ content: { parts: [{ text: ANSWERED["completion"] }] } }],
      usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 4, totalTokenCount: 9 },
    }),
    events: () => [],
  },
];

/** The model decides: `refused` is an error, `broken` one in the middle of a stream, `silent` no answer. */
export async function startTalkativeProvider(): Promise<TalkativeProvider> {
  let told = "";
  const server = createServer((req, res) => {
    void text(req).then((body) => {
      told += [req.url, ...req.rawHeaders, body].join("\n");
      const model = /"model"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? "model-without-name";
      const api = APIS.find(({ path }) => path.test(req.url ?? ""));
      if (model === "silent" || api === undefined) return;
      if (model === "refused") return json(res, 400, { error });
      if (!/"stream"\s*:\s*true/.test(body)) return json(res, 200, api.answer(model));
      res.writeHead(200, { "content-type": "text/event-stream", ...headers });
      const broken = [{ error: { ...error, message: ANSWERED["stream-error"] } }];
      for (const event of model === "broken" ? broken : api.events(model)) {
        const name = "type" in event ? `event: ${String(event.type)}\n` : "";
        res.write(`${name}data: ${JSON.stringify(event)}\n\n`);
      }
      res.end("data: [DONE]\n\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    told: () => told,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

function json(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}
