import { createOpenAI } from "@ai-sdk/openai";
import { embed, generateText, streamText } from "ai";

import type { SdkCalls } from "./sdk-call.ts";

const prompt = "Hello";
const maxRetries = 1;

/** An answer that breaks off is asked for again. */
const otherwise = {
  "json, cut": ["failed none", "failed none"],
  // On a break the SDK drops the stream without cancelling it, so nobody can see that its caller has left.
  "stream, hanging and left by break": ["failed partial"],
};

/** Vercel's AI SDK over the OpenAI format. Its retries come from `ai`, its requests from `@ai-sdk/openai`. */
export const aiSdkCalls: SdkCalls = ({ url }) => {
  const openai = createOpenAI({ apiKey: "k", baseURL: `${url}/v1` });
  const options = (abortSignal?: AbortSignal) => ({ prompt, maxRetries, ...(abortSignal && { abortSignal }) });
  return [
    {
      name: "ai chat",
      eventType: "chat",
      otherwise,
      json: async (model, signal) => {
        const { text, usage, finishReason } = await generateText({ model: openai.chat(model), ...options(signal) });
        return { text, usage, finishReason };
      },
      stream: async (model, signal) =>
        streamText({ model: openai.chat(model), onError: () => {}, ...options(signal) }).textStream,
    },
    {
      name: "ai responses",
      eventType: "chat",
      otherwise,
      json: async (model, signal) => {
        const { text, usage, finishReason } = await generateText({ model: openai(model), ...options(signal) });
        return { text, usage, finishReason };
      },
      stream: async (model, signal) =>
        streamText({ model: openai(model), onError: () => {}, ...options(signal) }).textStream,
    },
    {
      name: "ai embeddings",
      eventType: "embedding",
      otherwise,
      json: async (model, abortSignal) => {
        const asked = { model: openai.embedding(model), value: prompt, maxRetries };
        const { embedding, usage } = await embed({ ...asked, ...(abortSignal && { abortSignal }) });
        return { embedding, usage };
      },
    },
  ];
};
