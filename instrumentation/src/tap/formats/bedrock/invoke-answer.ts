import type { TokenUsage } from "../../attempt/token-usage.ts";
import { anthropicAnswer } from "../anthropic.ts";
import { count, fields, label, listOf, sumOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { AnswerFormat, MessageFacts } from "../wire-format.ts";
import { readUsage as openaiUsage } from "../openai/usage.ts";
import { converseAnswer } from "./converse-answer.ts";
import { bedrockUsage } from "./usage.ts";

const METRICS = "amazon-bedrock-invocationMetrics";
const HEADER = "x-amzn-bedrock-";

/**
 * InvokeModel: the answer is in each model family's own format, and Bedrock adds its counts: to a stream's last message
 * (`amazon-bedrock-invocationMetrics`), else as headers. Anthropic's own figures are the fuller ones and come first.
 */
export const invokeAnswer: AnswerFormat = {
  matters: new RegExp(`"usage"|"${METRICS}"|"exception"|_token_count"|TokenCount"|"error"`),
  output:
    /_delta"\s*,\s*"(?:text|thinking|partial_json)"\s*:\s*"(?!")|"(?:generation|outputText|text|content)"\s*:\s*"(?!")/,
  usageKeys: ["usage"],
  read,
  usage: readUsage,
  readHeaders(header) {
    const names = ["input", "output", "cache-read-input", "cache-write-input"];
    const [input, output, cacheRead, cacheWrite] = names.map((name) =>
      Number(header(`${HEADER}${name}-token-count`) ?? NaN),
    );
    return { [METRICS]: metrics(input, output, cacheRead, cacheWrite) };
  },
};

/** Gathers what any family says into one object: a `usage` (Anthropic, Nova, OpenAI) as it is, Bedrock's own under its name. */
function read(message: Fields): MessageFacts {
  const own = fields(message[METRICS]);
  const hasMetrics = count(own["inputTokenCount"]) !== undefined || count(own["outputTokenCount"]) !== undefined;
  const inner = anthropicAnswer.read(message);
  const family = { ...inner.usage, ...familyCounts(message) };
  const usage = { ...family, ...(hasMetrics && { [METRICS]: own }) };
  return {
    usage: Object.keys(usage).length === 0 ? null : usage,
    final: hasMetrics || (inner.final && inner.usage !== null),
    model: inner.model,
    id: inner.id,
    serviceTier: undefined,
    errorType: label(message["exception"]) ?? inner.errorType,
  };
}

/** Llama, and Amazon's Titan, whose embeddings have an input only. */
function familyCounts(message: Fields): Fields {
  const input = count(message["prompt_token_count"]) ?? count(message["inputTextTokenCount"]);
  const results = listOf(message["results"]).map((result) => count(fields(result)["tokenCount"]));
  const output =
    count(message["generation_token_count"]) ?? count(message["totalOutputTextTokenCount"]) ?? sumOf(results);
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
  };
}

function readUsage(usage: Fields): TokenUsage | null {
  const own = fields(usage[METRICS]);
  return (
    anthropicAnswer.usage(usage) ??
    bedrockUsage({
      input: count(own["inputTokenCount"]),
      output: count(own["outputTokenCount"]),
      cacheRead: count(own["cacheReadInputTokenCount"]),
      cacheWrite: count(own["cacheWriteInputTokenCount"]),
    }) ??
    converseAnswer.usage(usage) ??
    openaiUsage(usage)
  );
}

function metrics(input?: number, output?: number, cacheRead?: number, cacheWrite?: number): Fields {
  return {
    inputTokenCount: input,
    outputTokenCount: output,
    cacheReadInputTokenCount: cacheRead,
    cacheWriteInputTokenCount: cacheWrite,
  };
}
