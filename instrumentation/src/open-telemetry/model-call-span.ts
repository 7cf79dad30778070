import type { ModelEventType } from "../tap/formats/wire-format.ts";
import type { AppSpan } from "./app-api.ts";

/**
 * How other instrumentations name the span of one model call; the first attribute that is there decides. Spans of agents,
 * chains and tools say something else: they wrap such calls.
 */
const WORDS: readonly (readonly [attribute: string, ofModelCalls: RegExp])[] = [
  ["ai.operationId", /\.do(Generate|Stream|Embed|Rerank)$/],
  ["gen_ai.operation.name", /^(chat|generate_content|text_completion|embeddings|rerank|image|audio)$/],
  ["openinference.span.kind", /^(LLM|EMBEDDING|RERANKER)$/],
  ["llm.request.type", /^(chat|completion|embeddings?|rerank)$/],
];

/**
 * Whether a span, by the attributes it has so far, is another instrumentation's own for a model call of this type. A span
 * that is not recorded has no attributes and is none.
 */
export function isModelCallSpan(span: AppSpan, eventType: ModelEventType): boolean {
  const { attributes } = span as { attributes?: Readonly<Record<string, unknown>> };
  if (attributes === undefined || attributes === null) return false;
  for (const [attribute, ofModelCalls] of WORDS) {
    const word = attributes[attribute];
    if (typeof word !== "string") continue;
    return ofModelCalls.test(word) && /embed/i.test(word) === (eventType === "embedding");
  }
  return false;
}
