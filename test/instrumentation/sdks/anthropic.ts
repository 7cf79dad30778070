import Anthropic from "@anthropic-ai/sdk";

import type { SdkCalls } from "./sdk-call.ts";

const messages = [{ role: "user" as const, content: "Hello" }];

export const anthropicCalls: SdkCalls = ({ url }) => {
  const client = new Anthropic({ apiKey: "k", baseURL: url, maxRetries: 1 });
  return [
    {
      name: "anthropic messages",
      eventType: "chat",
      json: (model, signal) => client.messages.create({ model, max_tokens: 99, messages }, { signal }),
      stream: (model, signal) => client.messages.create({ model, max_tokens: 99, messages, stream: true }, { signal }),
    },
  ];
};
