import OpenAI from "openai";

import { clientOf } from "./openai.ts";

/** What the SDKs of OpenAI and Anthropic let an app do with a stream. */
export interface Stream extends AsyncIterable<unknown> {
  tee(): [Stream, Stream];
  toReadableStream(): ReadableStream;
}
export interface StreamPromise extends PromiseLike<Stream> {
  withResponse(): Promise<{ data: Stream; response: Response }>;
  asResponse(): Promise<Response>;
}

/** How calls that stream are recorded where nobody changes the request: from what was said, where no usage was asked for. */
interface Untouched {
  /** Tokens of what was said; null = the provider tells the usage all the same. */
  readonly partialTokens: number | null;
}
export interface StreamedCall extends Untouched {
  readonly open: () => StreamPromise;
}
export interface HelperCall extends Untouched {
  readonly run: () => Promise<unknown>;
  /** Requests to the provider, each an event of its own. */
  readonly requests: number;
}

/** What one version of the SDK can stream, and what its helpers do. */
export interface OpenAIVersion {
  /** Whether requests go out by `fetch`, where usage is asked for on the app's behalf; else by `node:http`. */
  readonly byFetch: boolean;
  readonly calls: (url: string) => { streams: Record<string, StreamedCall>; helpers: Record<string, HelperCall> };
}

/** Version 4 has its helpers for chats elsewhere. */
interface Client4 extends OpenAI {
  readonly beta: OpenAI["beta"] & { readonly chat: OpenAI["chat"] };
}

const OpenAI4 = await clientOf<new (options: object) => Client4>("openai-4");
const OpenAI5 = await clientOf("openai-5");
const OpenAI6 = await clientOf("openai-6");

export const OPENAI_VERSIONS: Readonly<Record<string, OpenAIVersion>> = {
  "openai 4": {
    byFetch: false,
    calls(url) {
      const client = new OpenAI4(optionsFor(url));
      return callsOf(client, client.beta.chat.completions);
    },
  },
  "openai 5": versionOf(OpenAI5),
  "openai 6": versionOf(OpenAI6),
  "openai 7": versionOf(OpenAI),
};

function versionOf(Client: typeof OpenAI): OpenAIVersion {
  return {
    byFetch: true,
    calls(url) {
      const client = new Client(optionsFor(url));
      return callsOf(client, client.chat.completions);
    },
  };
}

function optionsFor(url: string) {
  return { apiKey: "k", baseURL: `${url}/v1`, maxRetries: 0 };
}

const model = "m";
const messages = [{ role: "user" as const, content: "Hello" }];
const asking = { stream_options: { include_usage: true } };
const WORDS_SAID = 6;

type ChatHelpers = Pick<OpenAI["chat"]["completions"], "stream" | "runTools">;

function callsOf({ chat, completions, responses }: OpenAI, helpers: ChatHelpers): ReturnType<OpenAIVersion["calls"]> {
  const chatRequest = { model, messages, stream: true } as const;
  const tools = [{ type: "function" as const, function: clock }];
  const toolRequest = { model: "calls_a_tool", messages, tools };
  return {
    streams: {
      "chat completions": { open: () => chat.completions.create(chatRequest), partialTokens: WORDS_SAID },
      "chat completions with usage": {
        open: () => chat.completions.create({ ...chatRequest, ...asking }),
        partialTokens: null,
      },
      completions: {
        open: () => completions.create({ model, prompt: "Hello", stream: true }),
        partialTokens: WORDS_SAID,
      },
      responses: { open: () => responses.create({ model, input: "Hello", stream: true }), partialTokens: null },
    },
    helpers: {
      "chat.completions.stream": {
        run: async () => (await helpers.stream({ model, messages }).finalChatCompletion()).choices,
        requests: 1,
        partialTokens: WORDS_SAID,
      },
      "chat.completions.stream with usage": {
        run: () => helpers.stream({ model, messages, ...asking }).finalChatCompletion(),
        requests: 1,
        partialTokens: null,
      },
      "responses.stream": {
        run: () => responses.stream({ model, input: "Hello" }).finalResponse(),
        requests: 1,
        partialTokens: null,
      },
      runTools: {
        async run() {
          const runner = helpers.runTools(toolRequest);
          return [await runner.finalContent(), runner.messages, await runner.totalUsage()];
        },
        requests: 3,
        partialTokens: null,
      },
      "runTools as a stream": {
        run: async () => conversation(helpers.runTools({ ...toolRequest, stream: true })),
        requests: 3,
        partialTokens: WORDS_SAID + 2,
      },
      "runTools as a stream with usage": {
        run: async () => conversation(helpers.runTools({ ...toolRequest, ...asking, stream: true })),
        requests: 3,
        partialTokens: null,
      },
    },
  };
}

/** A tool that the model asks to have called. */
const clock = {
  name: "clock",
  description: "The time",
  parameters: { type: "object", properties: {} },
  parse: (text: string) => JSON.parse(text) as object,
  function: () => "noon",
};

async function conversation(runner: { finalContent(): Promise<string | null>; messages: unknown[] }) {
  return [await runner.finalContent(), runner.messages];
}
