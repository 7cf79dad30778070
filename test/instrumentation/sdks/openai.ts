import OpenAI from "openai";

import type { SdkCall, SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

/** Version 7. */
export const openaiCalls: SdkCalls = ({ url }) => callsTo(url, "openai", OpenAI);

const OpenAI6 = await clientOf("openai-6");
export const openai6Calls: SdkCalls = ({ url }) => callsTo(url, "openai-6", OpenAI6);

const OpenAI5 = await clientOf("openai-5");
export const openai5Calls: SdkCalls = ({ url }) => callsTo(url, "openai-5", OpenAI5);

/** The client of another version, by the name it is installed under. What is used of it has been the same since version 4, though its types have not. */
export async function clientOf<Client = typeof OpenAI>(name: string): Promise<Client> {
  const { default: client }: { default: Client } = await import(name);
  return client;
}

function callsTo(url: string, sdk: string, Client: typeof OpenAI): SdkCall[] {
  const client = new Client({ apiKey: "k", baseURL: `${url}/v1`, maxRetries: 1 });
  const file = () => new File([Buffer.from("sound")], "a.wav", { type: "audio/wav" });
  return [
    {
      name: `${sdk} chat completions`,
      eventType: "chat",
      json: (model, signal) => client.chat.completions.create({ model, messages }, { signal }),
      stream: (model, signal) => client.chat.completions.create({ model, messages, stream: true }, { signal }),
    },
    {
      name: `${sdk} responses`,
      eventType: "chat",
      json: (model, signal) => client.responses.create({ model, input: "Hello" }, { signal }),
      stream: (model, signal) => client.responses.create({ model, input: "Hello", stream: true }, { signal }),
    },
    {
      name: `${sdk} completions`,
      eventType: "chat",
      json: (model, signal) => client.completions.create({ model, prompt: "Hello" }, { signal }),
      stream: (model, signal) => client.completions.create({ model, prompt: "Hello", stream: true }, { signal }),
    },
    {
      name: `${sdk} embeddings`,
      eventType: "embedding",
      json: (model, signal) => client.embeddings.create({ model, input: "Hello" }, { signal }),
    },
    {
      name: `${sdk} images`,
      eventType: "image",
      json: (model, signal) => client.images.generate({ model, prompt: "a cat" }, { signal }),
    },
    {
      name: `${sdk} transcriptions`,
      eventType: "audio",
      json: (model, signal) => client.audio.transcriptions.create({ model, file: file() }, { signal }),
      stream: (model, signal) => client.audio.transcriptions.create({ model, file: file(), stream: true }, { signal }),
    },
  ];
}
