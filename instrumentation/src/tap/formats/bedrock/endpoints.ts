import type { Endpoint, ModelEventType, WireFormat } from "../wire-format.ts";
import { converseAnswer } from "./converse-answer.ts";
import { invokeAnswer } from "./invoke-answer.ts";

const PATH = /\/model\/([^/]+)\/(converse|invoke)(-stream|-with-response-stream)?$/;

/** What kind of model an id names, where it is none that chats. */
const KINDS: readonly (readonly [id: RegExp, ModelEventType, operation: string])[] = [
  [/embed/, "embedding", "embeddings"],
  [/rerank/, "rerank", "rerank"],
  [/image|canvas|stability|diffusion/, "image", "image"],
];

/** AWS Bedrock's runtime. The path says all there is to know of a request: the model, and whether it is streamed. */
export const bedrock: WireFormat = {
  recognise({ pathname }) {
    const match = PATH.exec(pathname);
    if (match?.[1] === undefined) return null;
    const model = modelOf(match[1]);
    const facts = { model, stream: match[3] !== undefined, askingForUsage: null };
    const isConverse = match[2] === "converse";
    const kind = isConverse ? undefined : KINDS.find(([id]) => id.test(model));
    const endpoint: Endpoint = {
      eventType: kind?.[1] ?? "chat",
      operation: kind?.[2] ?? "chat",
      provider: "aws.bedrock",
      model,
      onAnyHost: true,
      unread: facts,
      readRequest: () => facts,
      answer: isConverse ? converseAnswer : invokeAnswer,
    };
    return endpoint;
  },
};

/** A model's id; of the ARN of a profile or deployment its last part. */
function modelOf(pathPart: string): string {
  try {
    return decodeURIComponent(pathPart).replace(/^arn:.*\//, "");
  } catch {
    return pathPart;
  }
}
