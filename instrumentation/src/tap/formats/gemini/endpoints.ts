import { fields, label, listOf } from "../fields.ts";
import type { Fields } from "../fields.ts";
import type { Endpoint, RequestFacts, WireFormat } from "../wire-format.ts";
import { geminiAnswer, interactionAnswer } from "./answer.ts";

type Operation = Pick<Endpoint, "eventType" | "operation" | "readRequest" | "answer">;

/** The methods that consume tokens. Counting tokens, batches and files are others and no calls. */
const METHODS: Readonly<Record<string, Operation>> = {
  generateContent: generate(false),
  streamGenerateContent: generate(true),
  embedContent: embed((body) => body["content"] !== undefined),
  batchEmbedContents: embed((body) => body["requests"] !== undefined),
  // Vertex AI's older embeddings; images and video have the same path, and no text to embed.
  predict: embed((body) => label(fields(listOf(body["instances"])[0])["content"]) !== undefined),
};
const METHOD_PATH = /\/(?:models|tunedModels|endpoints)\/([^/:]+):(\w+)$/;

const INTERACTIONS: Operation = {
  eventType: "chat",
  operation: "generate_content",
  readRequest: (body) => {
    const isOne = body["input"] !== undefined && typeof (body["model"] ?? body["agent"]) === "string";
    return isOne ? facts(body["stream"] === true, body) : null;
  },
  answer: interactionAnswer,
};

/** Google's Gemini API and the same on Vertex AI, whose paths begin with a project. */
export const gemini: WireFormat = {
  recognise({ pathname }) {
    const match = METHOD_PATH.exec(pathname);
    const isInteraction = /\/v1\w*\/(?:.*\/)?interactions$/.test(pathname);
    const operation = isInteraction ? INTERACTIONS : METHODS[match?.[2] ?? ""];
    if (operation === undefined) return null;
    const provider =
      pathname.includes("/projects/") || pathname.includes("/publishers/") ? "gcp.vertex_ai" : "gcp.gemini";
    return { ...operation, provider, model: match?.[1], onAnyHost: true };
  },
};

function generate(stream: boolean): Operation {
  return {
    eventType: "chat",
    operation: "generate_content",
    readRequest: (body) => (Array.isArray(body["contents"]) ? facts(stream, body) : null),
    answer: geminiAnswer,
  };
}

function embed(isOne: (body: Fields) => boolean): Operation {
  return {
    eventType: "embedding",
    operation: "embeddings",
    readRequest: (body) => (isOne(body) ? facts(false, body) : null),
    answer: geminiAnswer,
  };
}

/** The path names the model; a body that names it too (a batch's parts, an interaction) writes `models/...` in front. */
function facts(stream: boolean, body: Fields): RequestFacts {
  const model = label(body["model"])?.replace(/^.*\//, "");
  return { model, stream, askingForUsage: null };
}
