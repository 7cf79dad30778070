import type { Usage } from "../ledger.ts";
import type { ChatRequest } from "../request.ts";
import { randomInteger, seededRandom } from "./seeded-random.ts";
import { countPromptTokens, textOf } from "./tokens.ts";

const WORDS =
  "the tenant asked and this model answers with words that cost one token each so sums are easy to check".split(" ");
const ANSWER_TOKENS_MIN = 8;
const ANSWER_TOKENS_MAX = 180;

/** One finished piece of work, before it is put on a wire. Every element of `words` is one output token. */
export interface Completion {
  readonly id: string;
  readonly created: number;
  readonly model: string;
  readonly words: readonly string[];
  readonly finishReason: "stop" | "length";
  readonly usage: Usage;
}

/**
 * Answers a chat: the same request gets the same text and token counts, in whatever order requests arrive. The answer
 * never exceeds `max_completion_tokens` (or its older name `max_tokens`).
 */
export function complete(request: ChatRequest, seed: string, nowMs: number): Completion {
  const prompt = request.messages.map((message) => textOf(message.content)).join("\n");
  const random = seededRandom(`${seed}/${request.user ?? ""}/${prompt}`);
  const wanted = randomInteger(random, ANSWER_TOKENS_MIN, ANSWER_TOKENS_MAX);
  const allowed = request.max_completion_tokens ?? request.max_tokens ?? ANSWER_TOKENS_MAX;
  const length = Math.min(wanted, allowed);
  const words = Array.from({ length }, (_, index) => {
    const word = WORDS[randomInteger(random, 0, WORDS.length - 1)] ?? "";
    return index === 0 ? word : ` ${word}`;
  });
  return {
    id: `chatcmpl-${randomInteger(random, 0, 2 ** 32).toString(36)}`,
    created: Math.floor(nowMs / 1000),
    model: request.model,
    words,
    finishReason: wanted > allowed ? "length" : "stop",
    usage: { inputTokens: countPromptTokens(request.messages), outputTokens: words.length },
  };
}

/** Usage in the words of the wire. */
export function wireUsage({ inputTokens, outputTokens }: Usage): object {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 0, audio_tokens: 0 },
  };
}

/** The whole answer as one JSON object (`chat.completion`). */
export function wireCompletion(completion: Completion): object {
  return {
    id: completion.id,
    object: "chat.completion",
    created: completion.created,
    model: completion.model,
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: completion.words.join(""), refusal: null },
        logprobs: null,
        finish_reason: completion.finishReason,
      },
    ],
    usage: wireUsage(completion.usage),
    service_tier: "default",
  };
}
