import type { TokenUsage } from "../attempt/token-usage.ts";
import { count, fields, label, listOf, sumOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import type { AnswerFormat, MessageFacts, RequestFacts, WireFormat } from "./wire-format.ts";

/** Anthropic's own path, under any prefix (DeepSeek and Moonshot serve it as well), and Vertex AI's for its models. */
const PATH = /\/v1\/messages\/?$|\/publishers\/anthropic\/models\/([^/:]+):(?:streamR|r)awPredict$/;

/** Anthropic messages. Counting tokens and batches have longer paths and are no calls. */
export const anthropic: WireFormat = {
  recognise({ pathname }) {
    const match = PATH.exec(pathname);
    if (match === null) return null;
    const vertexModel = match[1];
    return {
      eventType: "chat",
      operation: "chat",
      provider: vertexModel === undefined ? "anthropic" : "gcp.vertex_ai",
      model: vertexModel,
      onAnyHost: true,
      readRequest,
      answer: anthropicAnswer,
    };
  },
};

/** `max_tokens` is required, and tells this format from others that have `messages`. */
function readRequest(body: Fields): RequestFacts | null {
  if (!Array.isArray(body["messages"]) || typeof body["max_tokens"] !== "number") return null;
  return { model: label(body["model"]), stream: body["stream"] === true, askingForUsage: null };
}

/**
 * A stream opens with the input's usage (`message_start`) and counts the output up in `message_delta`, so that what was said
 * before a cut is usable; the delta with the reason to stop has the final figures.
 */
export const anthropicAnswer: AnswerFormat = {
  matters: /"usage"|"error"/,
  output: /_delta"\s*,\s*"(?:text|thinking|partial_json)"\s*:\s*"(?!")/,
  wholeOutput: /"(?:text|thinking)"\s*:\s*"(?!")/,
  usageKeys: ["usage"],
  read,
  usage: readUsage,
};

function read(message: Fields): MessageFacts {
  const type = message["type"];
  const body = type === "message_start" ? fields(message["message"]) : message;
  const usage = fields(body["usage"]);
  return {
    usage: Object.keys(usage).length === 0 ? null : usage,
    final: type === "message_delta" && fields(message["delta"])["stop_reason"] !== null,
    model: label(body["model"]),
    id: label(body["id"]),
    serviceTier: undefined,
    errorType: type === "error" ? (label(fields(message["error"])["type"]) ?? "provider_error") : undefined,
  };
}

/**
 * Anthropic's `input_tokens` leave out what was read from and written to the cache; the sum is the input. Compactions and
 * advisors are model calls of their own within the request, which its totals leave out too.
 */
function readUsage(usage: Fields): TokenUsage | null {
  const apart = listOf(usage["iterations"]).map(fields).filter(isApart);
  const parts = [usage, ...apart];
  const cacheRead = sumOf(parts.map((part) => count(part["cache_read_input_tokens"])));
  const cacheWrite = sumOf(parts.map((part) => count(part["cache_creation_input_tokens"])));
  const uncached = sumOf(parts.map((part) => count(part["input_tokens"])));
  const output = sumOf(parts.map((part) => count(part["output_tokens"])));
  const reasoning = count(fields(usage["output_tokens_details"])["thinking_tokens"]);
  if (uncached === undefined && output === undefined) return null;
  return {
    ...(uncached !== undefined && { inputTokens: uncached + (cacheRead ?? 0) + (cacheWrite ?? 0) }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cacheRead !== undefined && { cacheReadTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteTokens: cacheWrite }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
  };
}

function isApart({ type }: Fields): boolean {
  return type === "compaction" || type === "advisor_message";
}
