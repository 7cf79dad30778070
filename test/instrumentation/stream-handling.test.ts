import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";

import { outcomeOf } from "./sdks/faults.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ drainMs: 200 });
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
const openai = () => new OpenAI({ apiKey: "k", baseURL: `${tapped.provider.url}/v1`, maxRetries: 0 });
const anthropic = () => new Anthropic({ apiKey: "k", baseURL: tapped.provider.url, maxRetries: 0 });

const STREAMS: Record<string, () => StreamPromise> = {
  "openai responses": () => openai().responses.create({ model: "m", input: "Hello", stream: true }),
  "openai completions": () => openai().completions.create({ model: "m", prompt: "Hello", stream: true }),
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
  "openai responses": () => openai().responses.stream({ model: "m", input: "Hello" }).finalResponse(),
  "anthropic messages": () => anthropic().messages.stream({ model: "m", max_tokens: 9, messages }).finalMessage(),
};

const TABLE = [
  ...Object.entries(STREAMS).flatMap(([name, open]) =>
    Object.entries(USES).map(([use, run]) => [name, use, () => run(open)] as const),
  ),
  ...Object.entries(HELPERS).map(([name, run]) => [name, "the stream helper", run] as const),
];

test.each(TABLE)("%s: %s comes out as without metering, and is metered once", async (_, __, run) => {
  const bare = await tapped.bare(() => outcomeOf(run()));
  await tapped.reset();
  const metered = await outcomeOf(run());
  expect(metered).toStrictEqual(bare);
  const [span, ...others] = await tapped.receiver.waitFor("chat", 1);
  expect(others).toEqual([]);
  const { attributes } = span!;
  const { inputTokens, outputTokens } = tapped.provider.ledger;
  expect([attributes["gen_ai.usage.input_tokens"], attributes["gen_ai.usage.output_tokens"]]).toEqual([
    inputTokens,
    outputTokens,
  ]);
  expect(attributes["quotel.usage.source"]).toBe("provider");
  expect(inputTokens).toBeGreaterThan(0);
});

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}
