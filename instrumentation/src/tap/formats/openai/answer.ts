import { fields, label } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { AnswerFormat, MessageFacts } from "../wire-format.ts";
import { readUsage } from "./usage.ts";

const MATTERS = /"usage"|"error"/;

/** Chat completions: a delta carries text, reasoning, a refusal or a tool call's arguments. */
export const chatAnswer = answer(/"(?:content|reasoning_content|reasoning|refusal|arguments)"\s*:\s*"(?!")/);
/** Legacy completions. */
export const completionAnswer = answer(/"text"\s*:\s*"(?!")/);
/** Responses, images, audio, embeddings: streams are named events, the last of which has the usage. */
export const eventAnswer: AnswerFormat = {
  ...answer(/"delta"\s*:\s*"(?!")(?:(?<=\.delta"[^]*)|(?=[^]*\.delta"))/),
  wholeOutput: /"(?:text|arguments)"\s*:\s*"(?!")/,
};

function answer(output: RegExp): AnswerFormat {
  return { matters: MATTERS, output, usageKeys: ["usage"], read, usage: readUsage, unasked };
}

/** Usage is where the provider put it: top level, in the event's response, `x_groq`, or inside the first choice (Kimi). */
function read(message: Fields): MessageFacts {
  const type = label(message["type"]) ?? "";
  const body = type.startsWith("response.") ? fields(message["response"]) : message;
  const choices = body["choices"];
  const inChoice = Array.isArray(choices) ? fields(choices[0])["usage"] : undefined;
  const usage = [body["usage"], fields(body["x_groq"])["usage"], inChoice].map(fields).find((one) => readUsage(one));
  return {
    usage: usage ?? null,
    final: usage !== undefined && hasNoChoices(body),
    model: label(body["model"]),
    id: label(body["id"]),
    serviceTier: label(body["service_tier"]),
    errorType: type === "error" ? (label(message["code"]) ?? "provider_error") : errorIn(body),
  };
}

function errorIn(body: Fields): string | undefined {
  if (body["error"] === undefined || body["error"] === null) return undefined;
  const error = fields(body["error"]);
  return label(error["code"]) ?? label(error["type"]) ?? "provider_error";
}

/** Takes out the chunk that carries only usage, and the `"usage":null` that OpenAI then adds to the others. */
function unasked(text: string, message: Fields): string {
  if (hasNoChoices(message) && read(message).usage !== null) return "";
  return message["usage"] === null ? text.replace(/,\s*"usage"\s*:\s*null|"usage"\s*:\s*null\s*,/, "") : text;
}

/** As in the chunk that carries nothing but usage (or Azure's prompt filter results), and in everything but completions. */
function hasNoChoices({ choices }: Fields): boolean {
  return choices === undefined || (Array.isArray(choices) && choices.length === 0);
}
