import OpenAI4 from "openai-4";

import type { SdkCall, SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

/** node-fetch 2 neither resolves nor rejects when a body is cut short of its length. */
const hangs = ["json, cut"];
/** An app that leaves closes the connection, and nothing more can be learnt from it. */
const otherwise = { "stream, left by break": ["ok partial"], "stream, left by abort": ["ok partial"] };

/** Its `fetch` is node-fetch: it goes out by `node:http`, where a request is never changed and a connection that is closed is gone. */
export const openai4Calls: SdkCalls = ({ url }) => {
  const client = new OpenAI4({ apiKey: "k", baseURL: `${url}/v1`, maxRetries: 1 });
  const calls: SdkCall[] = [
    {
      name: "openai-4 chat completions",
      eventType: "chat",
      json: (model, signal) => client.chat.completions.create({ model, messages }, { signal }),
      // Usage is exact where the app asks for it.
      stream: (model, signal) =>
        client.chat.completions.create(
          { model, messages, stream: true, stream_options: { include_usage: true } },
          { signal },
        ),
    },
    {
      name: "openai-4 responses",
      eventType: "chat",
      json: (model, signal) => client.responses.create({ model, input: "Hello" }, { signal }),
      stream: (model, signal) => client.responses.create({ model, input: "Hello", stream: true }, { signal }),
    },
    {
      name: "openai-4 embeddings",
      eventType: "embedding",
      json: (model, signal) => client.embeddings.create({ model, input: "Hello" }, { signal }),
    },
  ];
  return calls.map((call) => ({ ...call, otherwise, hangs }));
};
