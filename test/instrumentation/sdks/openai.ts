import OpenAI from "openai";

import type { SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

export const openaiCalls: SdkCalls = ({ url }) => {
  const client = new OpenAI({ apiKey: "k", baseURL: `${url}/v1`, maxRetries: 1 });
  const file = () => new File([Buffer.from("sound")], "a.wav", { type: "audio/wav" });
  return [
    {
      name: "openai chat completions",
      eventType: "chat",
      json: (model, signal) => client.chat.completions.create({ model, messages }, { signal }),
      stream: (model, signal) => client.chat.completions.create({ model, messages, stream: true }, { signal }),
    },
    {
      name: "openai responses",
      eventType: "chat",
      json: (model, signal) => client.responses.create({ model, input: "Hello" }, { signal }),
      stream: (model, signal) => client.responses.create({ model, input: "Hello", stream: true }, { signal }),
    },
    {
      name: "openai completions",
      eventType: "chat",
      json: (model, signal) => client.completions.create({ model, prompt: "Hello" }, { signal }),
      stream: (model, signal) => client.completions.create({ model, prompt: "Hello", stream: true }, { signal }),
    },
    {
      name: "openai embeddings",
      eventType: "embedding",
      json: (model, signal) => client.embeddings.create({ model, input: "Hello" }, { signal }),
    },
    {
      name: "openai images",
      eventType: "image",
      json: (model, signal) => client.images.generate({ model, prompt: "a cat" }, { signal }),
    },
    {
      name: "openai transcriptions",
      eventType: "audio",
      json: (model, signal) => client.audio.transcriptions.create({ model, file: file() }, { signal }),
      stream: (model, signal) => client.audio.transcriptions.create({ model, file: file(), stream: true }, { signal }),
    },
  ];
};
