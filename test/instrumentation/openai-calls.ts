import OpenAI from "openai";
import { afterAll, beforeEach } from "vitest";

import type { ReceivedSpan } from "./otlp-receiver.ts";
import type { Behaviour } from "./providers/script.ts";
import { tokens as tokensOfAll } from "./span-tokens.ts";
import { tapThisProcess } from "./tapped-process.ts";

export const messages = [{ role: "user" as const, content: "Hello" }];

/** OpenAI's SDK in this process, which is metered. At the top level of a test file, whose end stops it. */
export async function meterOpenAi() {
  const tapped = await tapThisProcess({ drainMs: 300, stalledMs: 600 });
  beforeEach(() => tapped.reset());
  afterAll(() => tapped.close());
  const { receiver, provider } = tapped;
  const openai = new OpenAI({ apiKey: "k", baseURL: `${provider.url}/v1`, maxRetries: 2 });
  return {
    receiver,
    provider,
    openai,
    chat: (user: Behaviour, seed = 0) => openai.chat.completions.create({ model: "gpt-4o", messages, user, seed }),
    streamed: (user: Behaviour) => openai.chat.completions.create({ model: "gpt-4o", messages, user, stream: true }),
    /** Tokens by the provider's own books. */
    reported: (): number => provider.ledger.inputTokens + provider.ledger.outputTokens,
  };
}

/** The text of a stream, read to its end. */
export async function read(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = "";
  for await (const chunk of stream) text += chunk.choices[0]!.delta.content ?? "";
  return text;
}

/** Tokens on the spans that say this source. */
export function tokens(spans: readonly ReceivedSpan[], source = "provider"): number {
  return tokensOfAll(spans.filter((span) => span.attributes["quotel.usage.source"] === source));
}
