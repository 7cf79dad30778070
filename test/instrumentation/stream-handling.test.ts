import Anthropic from "@anthropic-ai/sdk";
import { afterAll, beforeAll, expect, test } from "vitest";

import type { ReceivedSpan } from "./otlp-receiver.ts";
import { outcomeOf } from "./sdks/faults.ts";
import { OPENAI_VERSIONS } from "./sdks/openai-streams.ts";
import type { StreamPromise } from "./sdks/openai-streams.ts";
import { tapThisProcess } from "./tapped-process.ts";
import type { TappedProcess } from "./tapped-process.ts";

let tapped: TappedProcess;

beforeAll(async () => {
  tapped = await tapThisProcess({ drainMs: 200 });
});
afterAll(() => tapped.close());

const messages = [{ role: "user" as const, content: "Hello" }];
const anthropic = () => new Anthropic({ apiKey: "k", baseURL: tapped.provider.url, maxRetries: 0 });

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

/** A use of a stream or of a helper, and how the provider calls it makes are recorded. */
interface Row {
  readonly run: () => Promise<unknown>;
  readonly requests: number;
  /** Tokens that are recorded as partial; null = the provider's own figures are. */
  readonly partialTokens: number | null;
}

const OPENAI_ROWS = Object.entries(OPENAI_VERSIONS).flatMap(([version, { byFetch, calls }]) => {
  const { streams, helpers } = calls("http://127.0.0.1:1");
  const row = (run: Row["run"], requests: number, partialTokens: number | null): Row => ({
    run,
    requests,
    partialTokens: byFetch ? null : partialTokens,
  });
  return [
    ...Object.entries(streams).flatMap(([name, { partialTokens }]) =>
      Object.entries(USES).map(([use, run]) => {
        const open = () => calls(tapped.provider.url).streams[name]!.open();
        return [`${version} ${name}`, use, row(() => run(open), 1, partialTokens)] as const;
      }),
    ),
    ...Object.entries(helpers).map(([name, { requests, partialTokens }]) => {
      const run = () => calls(tapped.provider.url).helpers[name]!.run();
      return [version, name, row(run, requests, partialTokens)] as const;
    }),
  ];
});

const ANTHROPIC_ROWS = [
  ...Object.entries(USES).map(([use, run]) => {
    const open = () => anthropic().messages.create({ model: "m", max_tokens: 9, messages, stream: true });
    return ["anthropic messages", use, { run: () => run(open), requests: 1, partialTokens: null }] as const;
  }),
  [
    "anthropic",
    "messages.stream",
    {
      run: () => anthropic().messages.stream({ model: "m", max_tokens: 9, messages }).finalMessage(),
      requests: 1,
      partialTokens: null,
    },
  ] as const,
];

test.each([...OPENAI_ROWS, ...ANTHROPIC_ROWS])(
  "%s: %s comes out as without metering, and each request is metered once",
  async (_, __, { run, requests, partialTokens }) => {
    const bare = await tapped.bare(() => outcomeOf(run()));
    await tapped.reset();
    const metered = await outcomeOf(run());
    expect(metered).toStrictEqual(bare);
    const spans = await tapped.receiver.waitFor("chat", requests);
    const { attempts, inputTokens, outputTokens } = tapped.provider.ledger;
    expect([spans.length, attempts]).toEqual([requests, requests]);
    const source = partialTokens === null ? "provider" : "partial";
    expect(new Set(spans.map(({ attributes }) => attributes["quotel.usage.source"]))).toEqual(new Set([source]));
    const recorded = [sumOf(spans, "gen_ai.usage.input_tokens"), sumOf(spans, "gen_ai.usage.output_tokens")];
    expect(recorded).toEqual(partialTokens === null ? [inputTokens, outputTokens] : [0, partialTokens]);
    expect(recorded[1]).toBeGreaterThan(0);
  },
);

function sumOf(spans: readonly ReceivedSpan[], attribute: string): number {
  return spans.reduce((sum, { attributes }) => sum + Number(attributes[attribute] ?? 0), 0);
}

async function collect(items: AsyncIterable<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const item of items) all.push(item);
  return all;
}
