import { EVENT_TOKENS_MAX } from "@quotel/conventions";

import type { TokenUsage } from "../attempt/token-usage.ts";

/** What an OpenAI body, or one chunk of a stream, says beside its content. */
export interface BodyFacts {
  readonly usage: TokenUsage | null;
  readonly model: string | undefined;
  readonly id: string | undefined;
  readonly serviceTier: string | undefined;
  readonly errorType: string | undefined;
  /** `choices` is there and empty: the chunk that carries nothing but usage (or Azure's prompt filter results). */
  readonly noChoices: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a parsed body or chunk. Usage is where the provider put it: top level, `x_groq`, or inside the first choice (Kimi). */
export function readBody(value: unknown): BodyFacts {
  const body = fields(value);
  const choices = body["choices"];
  const inChoice = Array.isArray(choices) ? fields(choices[0])["usage"] : undefined;
  const error = fields(body["error"]);
  const hasError = body["error"] !== undefined && body["error"] !== null;
  return {
    usage: readUsage(body["usage"]) ?? readUsage(fields(body["x_groq"])["usage"]) ?? readUsage(inChoice),
    model: text(body["model"]),
    id: text(body["id"]),
    serviceTier: text(body["service_tier"]),
    errorType: hasError ? (text(error["code"]) ?? text(error["type"]) ?? "provider_error") : undefined,
    noChoices: Array.isArray(choices) && choices.length === 0,
  };
}

/**
 * Reads a `usage` object: `prompt_tokens` includes cached ones, `completion_tokens` reasoning ones. Embeddings have no
 * completion; elsewhere an absent one is what `total_tokens` leaves, or unknown. Null if it names no count at all.
 */
export function readUsage(value: unknown): TokenUsage | null {
  const usage = fields(value);
  const input = count(usage["prompt_tokens"]);
  const total = count(usage["total_tokens"]);
  const output =
    count(usage["completion_tokens"]) ??
    (input !== undefined && total !== undefined && total >= input ? total - input : undefined);
  if (input === undefined && output === undefined) return null;
  const cached =
    count(fields(usage["prompt_tokens_details"])["cached_tokens"]) ?? count(usage["prompt_cache_hit_tokens"]);
  // Cached tokens are part of the input in this format; more of them than input is nonsense and not passed on.
  const cacheRead = cached !== undefined && cached <= (input ?? 0) ? cached : undefined;
  const reasoning = count(fields(usage["completion_tokens_details"])["reasoning_tokens"]);
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

function count(value: unknown): number | undefined {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= EVENT_TOKENS_MAX
    ? (value as number)
    : undefined;
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value.slice(0, 256) : undefined;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
