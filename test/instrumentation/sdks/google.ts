import { GoogleGenAI } from "@google/genai";

import type { SdkCalls } from "./sdk-call.ts";

const contents = "Hello";

export const googleCalls: SdkCalls = ({ url }) => {
  const retryOptions = { attempts: 2, initialDelay: 0.01 };
  const { models } = new GoogleGenAI({ apiKey: "k", httpOptions: { baseUrl: url, retryOptions } });
  const config = (abortSignal?: AbortSignal) => (abortSignal === undefined ? {} : { abortSignal });
  return [
    {
      name: "gemini content",
      // On a break the SDK drops the body without cancelling it, so nobody can see that its caller has left.
      otherwise: { "stream, hanging and left by break": ["failed partial"] },
      eventType: "chat",
      json: (model, signal) => models.generateContent({ model, contents, config: config(signal) }),
      stream: (model, signal) => models.generateContentStream({ model, contents, config: config(signal) }),
    },
    {
      name: "gemini embeddings",
      eventType: "embedding",
      json: (model, signal) => models.embedContent({ model, contents, config: config(signal) }),
    },
  ];
};
