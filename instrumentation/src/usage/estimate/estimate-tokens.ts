import { loadTokenizer } from "./tokenizer.ts";

/** How many tokens a text probably has. */
export interface TokenEstimate {
  readonly tokens: number;
  /** Always: no provider counted this. */
  readonly estimated: true;
  /** Counted by `gpt-tokenizer`, or taken from the text's length. */
  readonly by: "tokenizer" | "bytes";
}

/** English prose has about four bytes to a token, and so have, in UTF-8, most other languages and code, within a factor of two. */
const BYTES_PER_TOKEN = 4;
/** A tokenizer's time grows with the square of a word's length (200 000 letters "a": a minute), so no word is longer to it. */
const PIECE_CHARS = 128;
/** More is not counted but taken to be alike: of prose an estimate takes milliseconds, of noise made to be slow some tens of them. */
export const COUNTED_CHARS_MAX = 16_384;

/**
 * Estimates how many tokens a text has: by the tokenizer of OpenAI's models if the package `gpt-tokenizer` is installed (the first
 * call loads it, in a quarter of a second; `model` picks the vocabulary, and to models of other makers it is an approximation), else
 * one token for every four bytes. Keeps nothing of the text. An estimate is for hints and budgets: what is billed is
 * what the provider reports.
 *
 *     estimateTokens("How many tokens is this?", "gpt-5-mini"); // { tokens: 6, estimated: true, by: "tokenizer" }
 */
export function estimateTokens(text: string, model = ""): TokenEstimate {
  const tokenizer = loadTokenizer(model);
  if (tokenizer === null) {
    return { tokens: Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN), estimated: true, by: "bytes" };
  }
  const counted = text.slice(0, COUNTED_CHARS_MAX);
  let tokens = 0;
  for (let at = 0; at < counted.length; at += PIECE_CHARS)
    tokens += tokenizer.count(counted.slice(at, at + PIECE_CHARS));
  tokenizer.forget();
  return { tokens: Math.ceil(tokens * (text.length / (counted.length || 1))), estimated: true, by: "tokenizer" };
}
