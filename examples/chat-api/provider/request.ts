/** The parts of an OpenAI request body that the provider looks at. Anything else is accepted and ignored. */
export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly content?: unknown }[];
  readonly user?: string;
  readonly max_tokens?: number;
  readonly max_completion_tokens?: number;
  readonly stream?: boolean;
  readonly stream_options?: { readonly include_usage?: boolean };
}

export interface EmbeddingRequest {
  readonly model: string;
  readonly input: string | readonly unknown[];
  readonly user?: string;
  readonly encoding_format?: "float" | "base64";
  readonly dimensions?: number;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };

/** Checks what the provider cannot work without; the message is the one the caller gets with 400. */
export function parseChatRequest(body: unknown): Parsed<ChatRequest> {
  if (!isRecord(body)) return { ok: false, message: "The request body must be a JSON object." };
  if (typeof body["model"] !== "string") return { ok: false, message: "you must provide a model parameter" };
  const messages = body["messages"];
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isRecord)) {
    return { ok: false, message: "Missing required parameter: 'messages'." };
  }
  return { ok: true, value: body as unknown as ChatRequest };
}

/** The same for embeddings. */
export function parseEmbeddingRequest(body: unknown): Parsed<EmbeddingRequest> {
  if (!isRecord(body)) return { ok: false, message: "The request body must be a JSON object." };
  if (typeof body["model"] !== "string") return { ok: false, message: "you must provide a model parameter" };
  const input = body["input"];
  if (typeof input !== "string" && !Array.isArray(input)) {
    return { ok: false, message: "Missing required parameter: 'input'." };
  }
  return { ok: true, value: body as unknown as EmbeddingRequest };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
