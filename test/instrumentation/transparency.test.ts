import OpenAI from "openai";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import type { Behaviour } from "./providers/script.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

const bareFetch = globalThis.fetch;
const messages = [{ role: "user" as const, content: "Hello" }];
let tapped: TappedProcess;
let clients: { bare: OpenAI; metered: OpenAI };

beforeAll(async () => {
  tapped = await tapThisProcess({ drainMs: 200 });
  const options = { apiKey: "k", baseURL: `${tapped.provider.url}/v1`, maxRetries: 0 };
  clients = { bare: new OpenAI({ ...options, fetch: bareFetch }), metered: new OpenAI(options) };
});
afterEach(() => tapped.reset());
afterAll(() => tapped.close());

/** Runs the same use with a bare and a metered client; errors are outcomes too. */
async function both<T>(use: (client: OpenAI) => Promise<T>): Promise<{ bare: unknown; metered: unknown }> {
  const outcome = (client: OpenAI) =>
    use(client).catch((err: Error & { status?: number; cause?: Error }) => ({
      name: err.name,
      constructor: err.constructor.name,
      message: err.message,
      status: err.status,
      cause: err.cause?.message,
    }));
  return { bare: await outcome(clients.bare), metered: await outcome(clients.metered) };
}

function stream(client: OpenAI, user: Behaviour = "normal", include_usage?: boolean) {
  const stream_options = include_usage === undefined ? undefined : { include_usage };
  return client.chat.completions.create({
    model: "m",
    messages,
    stream: true,
    user,
    ...(stream_options && { stream_options }),
  });
}
async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
/** What a caller can see of a raw response without reading it. */
function facts(response: Response) {
  const { url, type, redirected, status, statusText, ok, bodyUsed } = response;
  const headers = [...response.headers].filter(([name]) => name !== "date");
  return {
    url,
    type,
    redirected,
    status,
    statusText,
    ok,
    bodyUsed,
    headers,
    keys: Object.keys(response),
    real: response instanceof Response,
  };
}

const uses: Record<string, (client: OpenAI) => Promise<unknown>> = {
  "a JSON completion": (client) => client.chat.completions.create({ model: "m", messages }),
  "a JSON completion with withResponse": async (client) => {
    const { data, response, request_id } = await client.chat.completions
      .create({ model: "m", messages })
      .withResponse();
    return { data, request_id, facts: facts(response) };
  },
  "a JSON completion with asResponse": async (client) => {
    const response = await client.chat.completions.create({ model: "m", messages }).asResponse();
    const before = facts(response);
    return { before, body: await response.text(), after: response.bodyUsed };
  },
  "a cloned response": async (client) => {
    const response = await client.chat.completions.create({ model: "m", messages }).asResponse();
    const clone = response.clone();
    const twice = clone.clone();
    return [facts(clone), facts(twice), await response.json(), await clone.json(), await twice.json()];
  },
  "an embedding": (client) => client.embeddings.create({ model: "e", input: "Hello" }),
  "a stream": async (client) => collect(await stream(client)),
  "a stream whose caller asked for usage": async (client) => collect(await stream(client, "normal", true)),
  "a stream whose caller declined usage": async (client) => collect(await stream(client, "normal", false)),
  "a stream with withResponse": async (client) => {
    const { data, response } = await stream(client).withResponse();
    return { facts: facts(response), chunks: await collect(data) };
  },
  "the raw bytes of a stream": async (client) => {
    const response = await stream(client).asResponse();
    return response.text();
  },
  "the raw bytes of a stream whose caller asked for usage": async (client) => {
    const response = await stream(client, "normal", true).asResponse();
    return response.text();
  },
  "a stream read into the caller's own buffers": async (client) => {
    const response = await stream(client).asResponse();
    const reader = response.body!.getReader({ mode: "byob" });
    let text = "";
    for (;;) {
      const { done, value } = await reader.read(new Uint8Array(7));
      if (done) return text;
      text += Buffer.from(value).toString("latin1");
    }
  },
  "a teed stream": async (client) => {
    const [left, right] = (await stream(client)).tee();
    return Promise.all([collect(left), collect(right)]);
  },
  toReadableStream: async (client) => new Response((await stream(client)).toReadableStream()).text(),
  "the stream helper": async (client) => {
    const runner = client.chat.completions.stream({ model: "m", messages });
    return [await runner.finalContent(), (await runner.finalChatCompletion()).choices];
  },
  "iterating twice": async (client) => {
    const once = await stream(client);
    await collect(once);
    return collect(once);
  },
  "a break": async (client) => {
    const seen: unknown[] = [];
    const chunks = await stream(client, "hangs");
    for await (const chunk of chunks) if (seen.push(chunk) === 3) break;
    return [seen, chunks.controller.signal.aborted];
  },
  "an abort in the middle": async (client) => {
    const seen: unknown[] = [];
    const chunks = await stream(client, "hangs");
    for await (const chunk of chunks) if (seen.push(chunk) === 3) chunks.controller.abort();
    return seen;
  },
  "an abort by the caller's signal in the middle of a raw body": async (client) => {
    const controller = new AbortController();
    const response = await client.chat.completions
      .create({ model: "m", messages, stream: true, user: "hangs" }, { signal: controller.signal })
      .asResponse();
    const reader = response.body!.getReader();
    await reader.read();
    controller.abort();
    for (;;) if ((await reader.read()).done) return "ended";
  },
  "an abort before the answer": async (client) => {
    const controller = new AbortController();
    const answer = client.chat.completions.create({ model: "m", messages }, { signal: controller.signal });
    controller.abort();
    return answer;
  },
  "an abort before the call": (client) =>
    client.chat.completions.create({ model: "m", messages }, { signal: AbortSignal.abort() }),
  "a rate limit error": (client) => client.chat.completions.create({ model: "m", messages, user: "overloaded" }),
  "a stream cut in the middle": async (client) => collect(await stream(client, "cut_before_usage")),
  "the chunks before a cut": async (client) => {
    const seen: unknown[] = [];
    try {
      for await (const chunk of await stream(client, "cut_before_usage")) seen.push(chunk);
    } catch {
      return seen;
    }
    return "not cut";
  },
  "an error inside a stream": async (client) => collect(await stream(client, "error_in_stream")),
  "a JSON answer cut in the middle": (client) =>
    client.chat.completions.create({ model: "m", messages, user: "cut_json" }),
  "usage in every chunk": async (client) => collect(await stream(client, "usage_in_every_chunk")),
};

test.each(Object.keys(uses))("a metered client cannot be told from a bare one: %s", async (name) => {
  const { bare, metered } = await both(uses[name]!);
  expect(metered).toEqual(bare);
});

test("a reader slower than the provider still gets every byte that came before a cut", async () => {
  const response = await stream(clients.metered, "cut_before_usage").asResponse();
  await new Promise((resolve) => setTimeout(resolve, 100));
  let text = "";
  const reading = async () => {
    for await (const bytes of response.body!) text += Buffer.from(bytes).toString("latin1");
  };
  await expect(reading()).rejects.toThrow("terminated");
  expect(text.match(/"content"/g)).toHaveLength(5);
});

test("a Request object is metered and the answer is the bare one", async () => {
  const request = () =>
    new Request(`${tapped.provider.url}/openai/deployments/my-gpt/chat/completions?api-version=1`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages, stream: true }),
    });
  const bare = await (await bareFetch(request())).text();
  expect(await (await fetch(request())).text()).toBe(bare);
  await tapped.meter.flush(2_000);
  const spans = tapped.receiver.of("chat").filter((span) => span.attributes["gen_ai.request.model"] === "my-gpt");
  expect(spans.map((span) => span.attributes["quotel.usage.source"])).toEqual(["provider"]);
});

test("the tap neither renames fetch nor changes what it does elsewhere", async () => {
  expect([fetch.name, fetch.length]).toEqual([bareFetch.name, bareFetch.length]);
  expect(await (await fetch("data:text/plain,hello")).text()).toBe("hello");
  await expect(fetch("not a url")).rejects.toThrow(TypeError);
});
