import type { TokenUsage } from "../../attempt/token-usage.ts";
import { count, fields, label, listOf, sumOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { AnswerFormat, MessageFacts } from "../wire-format.ts";

/** Content and embeddings: every message of a stream repeats the usage so far; the one with the reason to finish is the last. */
export const geminiAnswer: AnswerFormat = {
  matters: /"usageMetadata"|"error"/,
  output: /"text"\s*:\s*"(?!")|"functionCall"\s*:/,
  usageKeys: ["usageMetadata"],
  read: readContent,
  usage: (usage) =>
    tokensOf({
      input: count(usage["promptTokenCount"]),
      toolInput: count(usage["toolUsePromptTokenCount"]),
      cached: count(usage["cachedContentTokenCount"]),
      output: count(usage["candidatesTokenCount"]) ?? count(usage["responseTokenCount"]),
      thoughts: count(usage["thoughtsTokenCount"]),
      total: count(usage["totalTokenCount"]),
    }),
};

/** Interactions: a stream of named events, the last of which has the whole interaction. */
export const interactionAnswer: AnswerFormat = {
  matters: /"usage"|"error"/,
  output: /"(?:text|arguments|partial_arguments)"\s*:\s*"(?!")/,
  usageKeys: ["usage"],
  read: readInteraction,
  usage: (usage) =>
    tokensOf({
      input: count(usage["total_input_tokens"]),
      toolInput: count(usage["total_tool_use_tokens"]),
      cached: count(usage["total_cached_tokens"]),
      output: count(usage["total_output_tokens"]),
      thoughts: count(usage["total_thought_tokens"]),
      total: count(usage["total_tokens"]),
    }),
};

function readContent(message: Fields): MessageFacts {
  const usage = fields(message["usageMetadata"]);
  const candidates = listOf(message["candidates"]).map(fields);
  const isLast = candidates.length > 0 && candidates.every((candidate) => candidate["finishReason"] !== undefined);
  const found = Object.keys(usage).length > 0 ? usage : inPredictions(message);
  return {
    usage: found,
    final: found !== null && (isLast || message["promptFeedback"] !== undefined),
    model: label(message["modelVersion"]),
    id: label(message["responseId"]),
    serviceTier: undefined,
    errorType: errorIn(message),
  };
}

/** Vertex AI's older embeddings say of each text how many tokens it had. */
function inPredictions(message: Fields): Fields | null {
  const statistics = listOf(message["predictions"]).map((one) =>
    fields(fields(fields(one)["embeddings"])["statistics"]),
  );
  const tokens = sumOf(statistics.map((one) => count(one["token_count"])));
  return tokens === undefined ? null : { promptTokenCount: tokens };
}

function readInteraction(message: Fields): MessageFacts {
  const event = label(message["event_type"]);
  const body = event === undefined ? message : fields(message["interaction"]);
  const usage = fields(body["usage"]);
  return {
    usage: Object.keys(usage).length === 0 ? null : usage,
    final: event === "interaction.completed",
    model: label(body["model"]),
    id: label(body["id"]),
    serviceTier: label(body["service_tier"]),
    errorType: errorIn(message),
  };
}

function errorIn(message: Fields): string | undefined {
  if (message["error"] === undefined || message["error"] === null) return undefined;
  const error = fields(message["error"]);
  return label(error["status"]) ?? label(error["code"]) ?? "provider_error";
}

interface Parts {
  readonly input: number | undefined;
  readonly toolInput: number | undefined;
  readonly cached: number | undefined;
  readonly output: number | undefined;
  readonly thoughts: number | undefined;
  readonly total: number | undefined;
}

/** Thoughts are counted beside the output, and what tools read beside the input; the total, where there is one, has everything. */
function tokensOf({ input, toolInput, cached, output, thoughts, total }: Parts): TokenUsage | null {
  const inputTokens = sumOf([input, toolInput]);
  const listed = sumOf([output, thoughts]);
  if (inputTokens === undefined && listed === undefined) return null;
  const outputTokens = total === undefined ? (listed ?? 0) : Math.max(listed ?? 0, total - (inputTokens ?? 0));
  return {
    ...(inputTokens !== undefined && { inputTokens }),
    outputTokens,
    ...(cached !== undefined && cached <= (inputTokens ?? 0) && { cacheReadTokens: cached }),
    ...(thoughts !== undefined && { reasoningTokens: thoughts }),
  };
}
