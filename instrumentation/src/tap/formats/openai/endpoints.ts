import type { Endpoint, WireFormat } from "../wire-format.ts";
import { chatAnswer, completionAnswer, eventAnswer } from "./answer.ts";
import { readAnyRequest, readRequestWithUsageOption } from "./request.ts";

type Operation = Pick<Endpoint, "eventType" | "operation" | "readRequest" | "answer">;

/**
 * The operations that consume tokens, by the end of their path. Not here, so that nothing counts twice: reading a stored
 * response or completion again, batches and their files, and counting tokens beforehand (`responses/input_tokens`).
 */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "chat/completions": {
    eventType: "chat",
    operation: "chat",
    readRequest: (body) => (Array.isArray(body["messages"]) ? readRequestWithUsageOption(body) : null),
    answer: chatAnswer,
  },
  completions: {
    eventType: "chat",
    operation: "text_completion",
    readRequest: (body) => (body["prompt"] === undefined ? null : readRequestWithUsageOption(body)),
    answer: completionAnswer,
  },
  responses: {
    eventType: "chat",
    operation: "chat",
    // The path alone could be anybody's; a model, or a prompt that names one, makes it a model call.
    readRequest: (body) => (typeof (body["model"] ?? body["prompt"]) === "undefined" ? null : readAnyRequest(body)),
    answer: eventAnswer,
  },
  "responses/compact": { eventType: "chat", operation: "chat", readRequest: withField("model"), answer: eventAnswer },
  embeddings: { eventType: "embedding", operation: "embeddings", readRequest: withField("input"), answer: eventAnswer },
  "images/generations": image("prompt"),
  "images/edits": image("prompt"),
  "images/variations": image("model"),
  "audio/transcriptions": audio("model"),
  "audio/translations": audio("model"),
  "audio/speech": audio("voice"),
  moderations: {
    eventType: "moderation",
    operation: "moderation",
    readRequest: withField("input"),
    answer: eventAnswer,
  },
};

const PATH = new RegExp(`(?:/deployments/([^/]+))?/(${Object.keys(OPERATIONS).join("|")})/?$`);

/** OpenAI's API, which many others speak too: on any host and under any prefix. Azure names the model in the path. */
export const openai: WireFormat = {
  recognise({ pathname }) {
    const match = PATH.exec(pathname);
    const operation = OPERATIONS[match?.[2] ?? ""];
    if (operation === undefined) return null;
    return { ...operation, provider: "openai", model: match?.[1], onAnyHost: true };
  },
};

function image(field: string): Operation {
  return { eventType: "image", operation: "image", readRequest: withField(field), answer: eventAnswer };
}

function audio(field: string): Operation {
  return { eventType: "audio", operation: "audio", readRequest: withField(field), answer: eventAnswer };
}

function withField(field: string): Endpoint["readRequest"] {
  return (body) => (body[field] === undefined ? null : readAnyRequest(body));
}
