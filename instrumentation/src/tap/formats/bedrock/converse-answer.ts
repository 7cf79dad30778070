import { count, fields, label } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { AnswerFormat, MessageFacts } from "../wire-format.ts";
import { bedrockUsage } from "./usage.ts";

/** Converse and ConverseStream, whose usage comes in the last event (`metadata`). Neither repeats the model. */
export const converseAnswer: AnswerFormat = {
  matters: /"usage"|"exception"/,
  output: /"(?:text|input)"\s*:\s*"(?!")/,
  usageKeys: ["usage"],
  read,
  usage: (usage) =>
    bedrockUsage({
      input: count(usage["inputTokens"]),
      output: count(usage["outputTokens"]),
      cacheRead: count(usage["cacheReadInputTokens"]),
      cacheWrite: count(usage["cacheWriteInputTokens"]),
    }),
};

function read(message: Fields): MessageFacts {
  const usage = fields(message["usage"]);
  const hasUsage = Object.keys(usage).length > 0;
  return {
    usage: hasUsage ? usage : null,
    final: hasUsage,
    model: undefined,
    id: undefined,
    serviceTier: label(fields(message["serviceTier"])["type"]),
    errorType: label(message["exception"]),
  };
}
