import type { QuotaItem } from "@quotel/conventions";

import type { AskedRequest } from "./asked-request.ts";

/** Output tokens assumed where the request names no bound. */
const OUTPUT_TOKENS_DEFAULT = 1_024;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Upper bound of the tokens a request will use: the output it allows plus one token for each UTF-8 byte of its input (no
 * tokenizer makes more tokens than bytes). Without a parsed body the request's `content-length` stands for the input.
 * The app's own additions (a system prompt, a larger default output) it cannot know: pass `estimate` then.
 */
export function tokensAtMost(asked: AskedRequest): number {
  const body = fields(asked.body);
  const input = body["messages"] ?? body["input"] ?? body["prompt"] ?? asked.body;
  const inputBytes = input === undefined ? asked.bodyBytes : bytesOf(input);
  if (isEmbedding(asked)) return inputBytes;
  const outputTokens = amount(body["max_completion_tokens"]) ?? amount(body["max_tokens"]) ?? OUTPUT_TOKENS_DEFAULT;
  return outputTokens * (amount(body["n"]) || 1) + inputBytes;
}

/** What a request asks for beside tokens: one API call, and one chat message or, on embedding routes, one embedding. */
export function defaultItems(asked: AskedRequest): readonly QuotaItem[] {
  return [
    { resource: "api_calls", amount: 1 },
    { resource: isEmbedding(asked) ? "embeddings" : "chat_messages", amount: 1 },
  ];
}

/** A route about embeddings, by its path, or by a body with `input` and no `messages`. */
function isEmbedding(asked: AskedRequest): boolean {
  const body = fields(asked.body);
  const path = asked.path.split("?")[0] ?? "";
  return /\bembed/i.test(path) || (body["input"] !== undefined && body["messages"] === undefined);
}

function bytesOf(input: unknown): number {
  return Buffer.byteLength(typeof input === "string" ? input : (JSON.stringify(input) ?? ""));
}

function amount(value: unknown): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
