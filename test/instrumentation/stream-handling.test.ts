import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { outcomeOf } from "./sdks/faults.ts";
import { clientOf } from "./sdks/openai.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ hosts: { allowed: ["127.0.0.1"], denied: [] }, drainMs: 200 });
});
afterAll(() => tapped.close());

/** What the SDKs of OpenAI and Anthropic let an app do with a stream. */
interface Stream extends AsyncIterable<unknown> {
  tee(): [Stream, Stream];
  toReadableStream(): ReadableStream;
}
interface StreamPromise extends PromiseLike<Stream> {
  withResponse(): Promise<{ data: Stream; response: Response }>;
  asResponse(): Promise<Response>;
}

const messages = [{ role: "user" as const, content: "Hello" }];
const anthropic = () => new Anthropic({ apiKey: "k", baseURL: tapped.provider.url, maxRetries: 0 });
const OPENAI: readonly (readonly [version: string, Client: typeof OpenAI])[] = [
  ["openai 7", OpenAI],
  ["openai 6", await clientOf("openai-6")],
  ["openai 5", await clientOf("openai-5")],
  ["openai 4", await clientOf("openai-4")],
];

const STREAMS: Record<string, () => StreamPromise> = {
  ...Object.fromEntries(OPENAI.flatMap(([version, Client]) => openaiStreams(version, () => openai(Client)))),
  "anthropic messages": () => anthropic().messages.create({ model: "m", max_tokens: 9, messages, stream: true }),
};

const USES: Record<string, (open: () => StreamPromise) => Promise<unknown>> = {
  tee: async (open) => Promise.all((await open()).tee().map(collect)),
  "half a tee": async (open) => collect((await open()).tee()[0]),
  withResponse: async (open) => {
    const { data, response } = await open().withResponse();
    return [response.status, response.url, response.headers.get("x-request-id"), await collect(data)];
  },
  asResponse: async (open) => (await open().asResponse()).text(),
  "a clone of asResponse": async (open) => {
    const response = await open().asResponse();
    return Promise.all([response.clone().text(), response.text()]);
  },
  toReadableStream: async (open) => new Response((await open()).toReadableStream()).text(),
  "iterating twice": async (open) => {
    const stream = await open();
    await collect(stream);
    return collect(stream);
  },
};

const HELPERS: Record<string, () => Promise<unknown>> = {
  ...Object.fromEntries(OPENAI.flatMap(([version, Client]) => openaiHelpers(version, () => openai(Client)))),
  "anthropic messages": () => anthropic().messages.stream({ model: "m", max_tokens: 9, messages }).finalMessage(),
};

const TABLE = [
  ...Object.entries(STREAMS).flatMap(([name, open]) =>
    Object.entries(USES).map(([use, run]) => [name, use, () => run(open)] as const),
  ),
  ...Object.entries(HELPERS).map(([name, run]) => [name, "the helper", run] as const),
];

test.each(TABLE)("%s: %s comes out as without metering, and each attempt is metered once", async (_, __, run) => {
  const bare = await tapped.bare(() => outcomeOf(run()));
  await tapped.reset();
  const metered = await outcomeOf(run());
  expect(metered).toStrictEqual(bare);
  const { attempts, inputTokens, outputTokens } = tapped.provider.ledger;
  const spans = await tapped.receiver.waitFor("chat", attempts);
  const sumOf = (name: string) => spans.reduce((sum, { attributes }) => sum + Number(attributes[name] ?? 0), 0);
  expect(spans).toHaveLength(attempts);
  expect([sumOf("gen_ai.usage.input_tokens"), sumOf("gen_ai.usage.output_tokens")]).toEqual([
    inputTokens,
    outputTokens,
  ]);
  expect(spans.map(({ attributes }) => attributes["quotel.usage.source"])).toEqual(spans.map(() => "provider"));
  expect(inputTokens).toBeGreaterThan(0);
});

test("a helper that runs tools is an attempt for each turn", async () => {
  await tapped.reset();
  await HELPERS["openai 7 runTools, streamed"]!();
  expect(tapped.provider.ledger.attempts).toBe(2);
});

function openai(Client: typeof OpenAI): OpenAI {
  return new Client({ apiKey: "k", baseURL: `${tapped.provider.url}/v1`, maxRetries: 0 });
}

/** Usage of a chat is asked for: version 4 goes out by `node:http`, where a request is never changed. */
function openaiStreams(version: string, client: () => OpenAI): [string, () => StreamPromise][] {
  const asked = { model: "m", stream: true, stream_options: { include_usage: true } } as const;
  return [
    [`${version} chat completions`, () => client().chat.completions.create({ ...asked, messages })],
    [`${version} completions`, () => client().completions.create({ ...asked, prompt: "Hello" })],
    [`${version} responses`, () => client().responses.create({ model: "m", input: "Hello", stream: true })],
  ];
}

function openaiHelpers(version: string, client: () => OpenAI): [string, () => Promise<unknown>][] {
  const asked = { model: "m", stream_options: { include_usage: true } } as const;
  const run = (city: { readonly city: string }) => `sunny in ${city.city}`;
  const parse = (text: string): { city: string } => JSON.parse(text) as { city: string };
  const weather = { name: "weather", description: "", parameters: { type: "object" }, function: run, parse };
  const tools = [{ type: "function" as const, function: weather }];
  const asks = { model: "calls_a_tool", messages, tools };
  return [
    [
      `${version} chat.completions.stream`,
      () =>
        helpers(client())
          .stream({ ...asked, messages })
          .finalContent(),
    ],
    [`${version} responses.stream`, () => client().responses.stream({ model: "m", input: "Hello" }).finalResponse()],
    [`${version} runTools`, () => helpers(client()).runTools(asks).finalContent()],
    [
      `${version} runTools, streamed`,
      () =>
        helpers(client())
          .runTools({ ...asked, ...asks, stream: true })
          .finalContent(),
    ],
  ];
}

/** In version 4 they are in `beta`. */
function helpers({ chat, beta }: OpenAI): OpenAI["chat"]["completions"] {
  const inBeta: OpenAI["chat"] | undefined = Reflect.get(beta, "chat");
  return (inBeta ?? chat).completions;
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}
