import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** How the provider behaves; the request's `user` names it. */
export type Behaviour =
  | "normal"
  /** 500 to the first attempt of each `seed`, then normal. */
  | "fails_once"
  | "overloaded"
  | "cut_before_usage"
  | "cut_after_usage"
  | "cut_json"
  /** Streams some deltas, then never ends. */
  | "hangs"
  | "usage_in_every_chunk"
  | "groq_usage"
  | "error_in_stream"
  | "rejects_stream_options";

/** An OpenAI-format server that follows a script and keeps a ledger of the usage it put on the wire. */
export interface ScriptedProvider {
  readonly url: string;
  readonly ledger: { inputTokens: number; outputTokens: number; attempts: number };
  /** Bodies as they arrived. */
  readonly bodies: Record<string, unknown>[];
  close(): Promise<void>;
}

interface Call {
  readonly model: string;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
  readonly user?: Behaviour;
  readonly seed?: number;
  readonly input?: unknown;
}

const INPUT_TOKENS = 11;
const WORDS = ["Grüße", " an", " alle", ' "usage":', " 🎉 ", "null"];

export async function startScriptedProvider(): Promise<ScriptedProvider> {
  const ledger = { inputTokens: 0, outputTokens: 0, attempts: 0 };
  const failed = new Set<number>();
  const bodies: Record<string, unknown>[] = [];

  function report(inputTokens: number, outputTokens: number) {
    ledger.inputTokens += inputTokens;
    ledger.outputTokens += outputTokens;
    return {
      prompt_tokens: inputTokens,
      completion_tokens: outputTokens,
      total_tokens: inputTokens + outputTokens,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 1 },
    };
  }

  async function answer(call: Call, path: string, res: ServerResponse): Promise<void> {
    ledger.attempts += 1;
    const behaviour = call.user ?? "normal";
    if (behaviour === "overloaded")
      return json(res, 429, { error: { message: "slow down", code: "rate_limit_exceeded" } });
    if (behaviour === "fails_once" && !failed.has(call.seed ?? 0)) {
      failed.add(call.seed ?? 0);
      return json(res, 500, { error: { message: "oops", type: "server_error" } });
    }
    if (behaviour === "rejects_stream_options" && call.stream_options !== undefined) {
      return json(res, 400, { error: { message: "Unrecognized request argument supplied: stream_options" } });
    }
    if (path.endsWith("/embeddings")) {
      ledger.inputTokens += 7;
      const data = [{ object: "embedding", index: 0, embedding: [0.25, -0.5] }];
      return json(res, 200, { object: "list", data, model: call.model, usage: { prompt_tokens: 7, total_tokens: 7 } });
    }
    if (call.stream === true) return stream(call, behaviour, res);
    if (behaviour === "cut_json") {
      res.writeHead(200, { "content-type": "application/json", "content-length": "5000" });
      res.write('{"id":"chatcmpl-1",');
      await pause(20);
      res.destroy();
      return;
    }
    const message = { role: "assistant", content: WORDS.join("") };
    json(res, 200, {
      ...envelope(call, "chat.completion"),
      choices: [{ index: 0, message, finish_reason: "stop" }],
      usage: report(INPUT_TOKENS, WORDS.length),
    });
  }

  async function stream(call: Call, behaviour: Behaviour, res: ServerResponse): Promise<void> {
    const asked = call.stream_options?.include_usage === true;
    const everyChunk = behaviour === "usage_in_every_chunk";
    res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "x-request-id": "req_1" });
    const send = (chunk: object) =>
      new Promise<void>((resolve) => res.write(`data: ${JSON.stringify(chunk)}\n\n`, () => resolve()));
    const base = { ...envelope(call, "chat.completion.chunk") };
    const withUsage = (chunk: object, output: number) =>
      everyChunk
        ? {
            ...chunk,
            usage: { prompt_tokens: INPUT_TOKENS, completion_tokens: output, total_tokens: INPUT_TOKENS + output },
          }
        : asked
          ? { ...chunk, usage: null }
          : chunk;
    const delta = (content: object, finish: string | null) => ({
      ...base,
      choices: [{ index: 0, delta: content, finish_reason: finish }],
    });

    await send(withUsage(delta({ role: "assistant", content: "" }, null), 0));
    for (const [index, word] of WORDS.entries()) {
      await send(withUsage(delta({ content: word }, null), index + 1));
      await pause(2);
      if (behaviour === "cut_before_usage" && index === 3) return void res.destroy();
      if (behaviour === "error_in_stream" && index === 3) {
        await send({ error: { message: "engine died", type: "server_error" } });
        return void res.end();
      }
    }
    if (behaviour === "hangs") return;
    if (behaviour === "groq_usage") {
      await send({ ...delta({}, "stop"), x_groq: { id: "req_1", usage: report(INPUT_TOKENS, WORDS.length) } });
    } else {
      await send(withUsage(delta({}, "stop"), WORDS.length));
      if (everyChunk) report(INPUT_TOKENS, WORDS.length);
      else if (asked) await send({ ...base, choices: [], usage: report(INPUT_TOKENS, WORDS.length) });
    }
    if (behaviour === "cut_after_usage") {
      await pause(30);
      return void res.destroy();
    }
    res.end("data: [DONE]\n\n");
  }

  const server = createServer((req, res) => {
    let text = "";
    req.setEncoding("utf8").on("data", (part: string) => (text += part));
    req.on("end", () => {
      const body = JSON.parse(text) as Record<string, unknown>;
      bodies.push(body);
      void answer(body as unknown as Call, req.url ?? "", res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ledger,
    bodies,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function envelope(call: Call, object: string) {
  return { id: "chatcmpl-1", object, created: 1, model: `${call.model}-2026`, service_tier: "default" };
}

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json", "x-request-id": "req_1" }).end(JSON.stringify(body));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
