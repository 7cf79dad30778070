/** What the body of a request says about the call. */
export interface RequestFacts {
  readonly model: string | undefined;
  readonly stream: boolean;
  /**
   * The body to send instead, which also asks for the usage of a stream; null where the caller asked for it, or nothing is
   * streamed. The extra chunk it brings must be hidden from the caller.
   */
  readonly bodyAskingForUsage: string | null;
}

/**
 * Reads an OpenAI request body; null if it is none (not JSON, no `messages` / `input`). Everything but `stream_options` stays
 * as the caller wrote it; other stream options are kept.
 */
export function readRequestBody(eventType: "chat" | "embedding", text: string): RequestFacts | null {
  const body = parseObject(text);
  if (body === null) return null;
  if (eventType === "chat" ? !Array.isArray(body["messages"]) : body["input"] === undefined) return null;
  const model = typeof body["model"] === "string" ? body["model"] : undefined;
  const stream = eventType === "chat" && body["stream"] === true;
  const options = body["stream_options"] ?? {};
  const canAsk = typeof options === "object" && !Array.isArray(options);
  const asked = (options as { include_usage?: unknown }).include_usage === true;
  const bodyAskingForUsage =
    stream && canAsk && !asked
      ? JSON.stringify({ ...body, stream_options: { ...options, include_usage: true } })
      : null;
  return { model, stream, bodyAskingForUsage };
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
