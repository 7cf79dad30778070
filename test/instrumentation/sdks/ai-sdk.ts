import { createOpenAI } from "@ai-sdk/openai";
import { Output, embed, generateObject, generateText, jsonSchema, streamObject, streamText } from "ai";

import type { SdkCalls } from "./sdk-call.ts";

const prompt = "Hello";
const maxRetries = 1;
const schema = jsonSchema<{ greeting: string }>({
  type: "object",
  properties: { greeting: { type: "string" } },
  required: ["greeting"],
  additionalProperties: false,
});

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
      name: "ai object",
      eventType: "chat",
      // Unlike text, it is cancelled on a break.
      otherwise: { "json, cut": otherwise["json, cut"] },
      json: async (model, signal) => {
        const { object, usage } = await generateObject({ model: openai.chat(model), schema, ...options(signal) });
        return { object, usage };
      },
      stream: async (model, signal) =>
        streamObject({ model: openai.chat(model), schema, onError: () => {}, ...options(signal) }).partialObjectStream,
    },
    {
      name: "ai output",
      eventType: "chat",
      otherwise,
      json: async (model, signal) => {
        const output = Output.object({ schema });
        const answer = await generateText({ model: openai.chat(model), output, ...options(signal) });
        return { output: answer.output, usage: answer.usage };
      },
      stream: async (model, signal) => {
        const output = Output.object({ schema });
        const onError = () => {};
        return streamText({ model: openai.chat(model), output, onError, ...options(signal) }).partialOutputStream;
      },
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
