import type { ChatRequest, EmbeddingRequest } from "../request.ts";

const BYTES_PER_TOKEN = 4;
const TOKENS_PER_MESSAGE = 3;
const TOKENS_TO_PRIME_THE_ANSWER = 3;

/** Tokens of a text: one per four UTF-8 bytes, begun ones counted, as with English text in real tokenizers. */
function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** Prompt tokens of a chat: its texts plus the fixed cost of every message and of the answer's start. */
export function countPromptTokens(messages: ChatRequest["messages"]): number {
  let tokens = TOKENS_TO_PRIME_THE_ANSWER;
  for (const message of messages) tokens += TOKENS_PER_MESSAGE + countTokens(textOf(message.content));
  return tokens;
}

/** Tokens of an embedding's input: a text, several texts, or tokens the caller made already. */
export function countInputTokens(input: EmbeddingRequest["input"]): number {
  return inputsOf(input).reduce<number>(
    (sum, item) => sum + (typeof item === "string" ? countTokens(item) : Array.isArray(item) ? item.length : 0),
    0,
  );
}

/** The separate inputs of one embedding request, in order; an array of numbers is one input. */
export function inputsOf(input: EmbeddingRequest["input"]): readonly unknown[] {
  if (typeof input === "string" || typeof input[0] === "number") return [input];
  return input;
}

/** The text of a message, whether written as a string or as a list of parts. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: unknown) => (hasText(part) ? part.text : "")).join("");
}

function hasText(part: unknown): part is { text: string } {
  return typeof part === "object" && part !== null && "text" in part && typeof part.text === "string";
}
