import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";

import type { SdkCalls } from "./sdk-call.ts";

const configuration = (url: string) => ({ baseURL: `${url}/v1` });

const otherwise = {
  "json, refused": ["failed none"],
  // An answer that breaks off is asked for again.
  "json, cut": ["failed none", "failed none"],
};

/** LangChain over the OpenAI SDK that it brings. */
export const langchainCalls: SdkCalls = ({ url }) => {
  const shared = { apiKey: "k", maxRetries: 1, configuration: configuration(url) };
  const chat = (model: string) => new ChatOpenAI({ model, ...shared });
  return [
    {
      name: "langchain chat",
      eventType: "chat",
      otherwise,
      json: async (model, signal) => {
        const { content, usage_metadata: usage } = await chat(model).invoke("Hello", { ...(signal && { signal }) });
        return { content, usage };
      },
      stream: async (model, signal) => chat(model).stream("Hello", { ...(signal && { signal }) }),
    },
    {
      name: "langchain embeddings",
      eventType: "embedding",
      otherwise,
      // It takes no signal.
      neverEnds: ["json, timed out"],
      json: (model) => new OpenAIEmbeddings({ model, ...shared }).embedQuery("Hello"),
    },
  ];
};
