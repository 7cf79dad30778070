import type { TokenUsage } from "../attempt/token-usage.ts";
import { count, fields, label, sumOf } from "./fields.ts";
import type { Fields } from "./fields.ts";
import type { AnswerFormat, Endpoint, MessageFacts, WireFormat } from "./wire-format.ts";

type Operation = Pick<Endpoint, "eventType" | "operation" | "readRequest" | "answer">;

/** Versions 1 and 2 alike. Their streams: version 1 is one JSON object a line, version 2 server-sent events. */
export const cohereAnswer: AnswerFormat = {
  matters: /"billed_units"|"usage"|"(?:message|stream)-end"/,
  output: /"(?:text|thinking|tool_plan|arguments)"\s*:\s*"(?!")/,
  usageKeys: ["usage", "meta"],
  read,
  usage: readUsage,
};

const OPERATIONS: Readonly<Record<string, Operation>> = {
  chat: operation("chat", "chat", (body) => body["messages"] !== undefined || body["message"] !== undefined),
  generate: operation("chat", "text_completion", (body) => body["prompt"] !== undefined),
  embed: operation(
    "embedding",
    "embeddings",
    (body) => (body["texts"] ?? body["inputs"] ?? body["images"]) !== undefined,
  ),
  rerank: operation("rerank", "rerank", (body) => body["query"] !== undefined && Array.isArray(body["documents"])),
};
const PATH = new RegExp(`/v[12]/(${Object.keys(OPERATIONS).join("|")})/?$`);

/** Cohere. Its paths (`/v1/chat`) are anybody's, so they count on its own hosts and on those allowed by name. */
export const cohere: WireFormat = {
  recognise({ pathname }) {
    const operation = OPERATIONS[PATH.exec(pathname)?.[1] ?? ""];
    return operation === undefined ? null : { ...operation, provider: "cohere", model: undefined, onAnyHost: false };
  },
};

function operation(eventType: Endpoint["eventType"], name: string, isOne: (body: Fields) => boolean): Operation {
  return {
    eventType,
    operation: name,
    readRequest: (body) =>
      isOne(body) ? { model: label(body["model"]), stream: body["stream"] === true, askingForUsage: null } : null,
    answer: cohereAnswer,
  };
}

/** Usage is in `usage` (version 2) or `meta` (version 1), of a stream in its last message. */
function read(message: Fields): MessageFacts {
  const isEnd = message["type"] === "message-end" || message["event_type"] === "stream-end";
  const body = isEnd ? fields(message["delta"] ?? message["response"]) : message;
  const finish = label(body["finish_reason"]) ?? label(message["finish_reason"]);
  const usage = { ...fields(body["meta"]), ...fields(body["usage"]) };
  return {
    usage: readUsage(usage) === null ? null : usage,
    final: isEnd,
    model: undefined,
    id: label(message["id"]) ?? label(message["generation_id"]),
    serviceTier: undefined,
    errorType: finish?.startsWith("ERROR") === true ? finish : undefined,
  };
}

/** What Cohere bills, where it says so, else the tokens the model saw and wrote. Reranks are billed in search units. */
function readUsage(usage: Fields): TokenUsage | null {
  const billed = fields(usage["billed_units"]);
  const seen = fields(usage["tokens"]);
  const input = sumOf([count(billed["input_tokens"]), count(billed["image_tokens"])]) ?? count(seen["input_tokens"]);
  const output =
    count(billed["output_tokens"]) ?? (input === undefined ? undefined : (count(seen["output_tokens"]) ?? 0));
  const searchUnits = count(billed["search_units"]);
  if (input === undefined && output === undefined && searchUnits === undefined) return null;
  const cached = count(usage["cached_tokens"]);
  return {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(cached !== undefined && cached <= (input ?? 0) && { cacheReadTokens: cached }),
    ...(searchUnits !== undefined && { searchUnits }),
  };
}
