/**
 * What each vendor calls the work that counts -> our event type. A word that is not here is work that only wraps such a
 * call (`invoke_agent`, `agent_step`, `invoke_workflow`), uses no model (`execute_tool`, `create_agent`, `plan`, memory
 * operations) or repeats what was counted (`fetch_response` reads a stored response again): it never counts.
 */
export type Vocabulary = ReadonlyMap<string, string>;

/**
 * `gen_ai.operation.name`: OpenTelemetry's words, then those of OpenLIT (image, audio), Sentry (messages, responses) and
 * older SDKs. A retrieval is what users call a search. A rerank is none, because it follows one: it is an event of its
 * own, which carries tokens and cost and no resource; so are images and audio.
 */
export const GEN_AI_OPERATIONS: Vocabulary = new Map([
  ["chat", "chat"],
  ["generate_content", "chat"],
  ["text_completion", "chat"],
  ["completion", "chat"],
  ["messages", "chat"],
  ["responses", "chat"],
  ["generate_text", "chat"],
  ["stream_text", "chat"],
  ["generate_object", "chat"],
  ["stream_object", "chat"],
  ["embeddings", "embedding"],
  ["embedding", "embedding"],
  ["embed", "embedding"],
  ["embed_many", "embedding"],
  ["retrieval", "search"],
  ["rerank", "rerank"],
  ["image", "image"],
  ["audio", "audio"],
]);

/** `ai.operationId`: only the innermost spans; `ai.streamText` carries the usage of its `ai.streamText.doStream` again. */
export const VERCEL_OPERATIONS: Vocabulary = new Map([
  ["ai.generateText.doGenerate", "chat"],
  ["ai.streamText.doStream", "chat"],
  ["ai.generateObject.doGenerate", "chat"],
  ["ai.streamObject.doStream", "chat"],
  ["ai.embed.doEmbed", "embedding"],
  ["ai.embedMany.doEmbed", "embedding"],
  ["ai.rerank.doRerank", "rerank"],
]);

/** `openinference.span.kind`, in lower case; AGENT, CHAIN, TOOL, GUARDRAIL, EVALUATOR and PROMPT wrap. */
export const OPENINFERENCE_KINDS: Vocabulary = new Map([
  ["llm", "chat"],
  ["embedding", "embedding"],
  ["reranker", "rerank"],
  ["retriever", "search"],
]);

/** `langfuse.observation.type`; span, event, agent, chain, tool, evaluator and guardrail wrap. */
export const LANGFUSE_TYPES: Vocabulary = new Map([
  ["generation", "chat"],
  ["embedding", "embedding"],
  ["retriever", "search"],
]);

/** `llm.request.type` of OpenLLMetry. */
export const REQUEST_TYPES: Vocabulary = new Map([
  ["chat", "chat"],
  ["completion", "chat"],
  ["embedding", "embedding"],
  ["embeddings", "embedding"],
  ["rerank", "rerank"],
]);
