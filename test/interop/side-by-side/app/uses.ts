import { once } from "node:events";
import type OpenAI from "openai";

const MODEL = "gpt-4o";
const ask = { model: MODEL, messages: [{ role: "user" as const, content: "Hello" }] };

/** What an app does with a client of the `openai` package; resolves to what it got from it. */
export type Use = (client: OpenAI) => Promise<unknown>;

/** By name. They use nothing that differs between versions 6 and 7. */
export const USES = {
  create: (client) => client.chat.completions.create(ask),
  createWithResponse: async (client) => {
    const { data, response } = await client.chat.completions.create(ask).withResponse();
    return { data, status: response.status };
  },
  createAsResponse: async (client) => {
    const response = await client.chat.completions.create(ask).asResponse();
    return { status: response.status, body: await response.json() };
  },
  createWithRetry: (client) => client.chat.completions.create({ ...ask, user: "fails_once" }),
  createRefused: (client) => client.chat.completions.create({ ...ask, user: "overloaded" }),
  stream: async (client) => collect(await client.chat.completions.create({ ...ask, stream: true })),
  streamWithUsage: async (client) => collect(await streamWithUsage(client)),
  streamWithResponse: async (client) => {
    const asked = client.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } });
    const { data, response } = await asked.withResponse();
    return { status: response.status, chunks: await collect(data) };
  },
  streamTee: async (client) => {
    const [left, right] = (await streamWithUsage(client)).tee();
    return Promise.all([collect(left), collect(right)]);
  },
  streamBreak: async (client) => collect(await streamWithUsage(client, "pauses"), 3),
  streamAbort: async (client) => {
    const stream = await streamWithUsage(client, "pauses");
    const seen: unknown[] = [];
    for await (const chunk of stream) if (seen.push(chunk) === 3) stream.controller.abort();
    return seen.slice(0, 3);
  },
  streamUnread: async (client) => (await streamWithUsage(client)).constructor.name,
  streamCut: async (client) => collect(await streamWithUsage(client, "cut_before_usage")),
  streamHelper: async (client) => {
    const runner = client.chat.completions.stream({ ...ask, stream_options: { include_usage: true } });
    return [await runner.finalContent(), await runner.totalUsage()];
  },
  responses: (client) => client.responses.create({ model: MODEL, input: "Hello" }),
  responsesStream: async (client) =>
    collect(await client.responses.create({ model: MODEL, input: "Hello", stream: true })),
  responsesIncomplete: async (client) =>
    collect(await client.responses.create({ model: MODEL, input: "Hello", max_output_tokens: 6, stream: true })),
  embeddings: (client) => client.embeddings.create({ model: "text-embedding-3-small", input: "Hello" }),
  hundredAtOnce: (client) =>
    Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        index % 2 === 0 ? client.chat.completions.create(ask) : collect(await streamWithUsage(client)),
      ),
    ),
  /** Lives, as a server does, until its stdin is closed. */
  nothing: async () => {
    process.stdin.resume();
    await once(process.stdin, "end");
  },
} satisfies Readonly<Record<string, Use>>;

export type UseName = keyof typeof USES;

/** @param user how the provider is to behave */
function streamWithUsage(client: OpenAI, user = "normal") {
  return client.chat.completions.create({ ...ask, user, stream: true, stream_options: { include_usage: true } });
}

async function collect(items: AsyncIterable<unknown>, most = Infinity): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) if (all.push(item) === most) break;
  return all;
}
