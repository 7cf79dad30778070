import { CohereClient, CohereClientV2 } from "cohere-ai";

import type { SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: "Hello" }];
const message = "Hello";

export const cohereCalls: SdkCalls = ({ url }) => {
  const options = { token: "k", baseUrl: url, environment: url };
  const v2 = new CohereClientV2(options);
  const v1 = new CohereClient(options);
  const call = (abortSignal?: AbortSignal) => ({ maxRetries: 1, ...(abortSignal && { abortSignal }) });
  return [
    {
      name: "cohere chat",
      eventType: "chat",
      json: (model, signal) => v2.chat({ model, messages }, call(signal)),
      stream: (model, signal) => v2.chatStream({ model, messages }, call(signal)),
    },
    {
      name: "cohere chat of version 1",
      eventType: "chat",
      json: (model, signal) => v1.chat({ model, message }, call(signal)),
      stream: (model, signal) => v1.chatStream({ model, message }, call(signal)),
    },
    {
      name: "cohere embeddings",
      eventType: "embedding",
      json: (model, signal) =>
        v2.embed({ model, texts: ["Hello"], inputType: "search_query", embeddingTypes: ["float"] }, call(signal)),
    },
    {
      name: "cohere reranks",
      eventType: "rerank",
      json: (model, signal) => v2.rerank({ model, query: "Hello", documents: ["a"] }, call(signal)),
    },
  ];
};
