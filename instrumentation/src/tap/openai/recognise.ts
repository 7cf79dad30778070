/** A request in a wire format we can meter. */
export interface RecognisedRequest {
  readonly eventType: "chat" | "embedding";
  readonly url: URL;
  /** Azure names the model in the path. */
  readonly deployment: string | undefined;
}

const PATH = /(?:\/deployments\/([^/]+))?\/(chat\/completions|embeddings)\/?$/;

/** Recognises OpenAI chat completions and embeddings by method and path, on any host and under any prefix. Pure. */
export function recognise(method: string, address: string): RecognisedRequest | null {
  if (method.toUpperCase() !== "POST" || !/chat\/completions|embeddings/.test(address) || !URL.canParse(address))
    return null;
  const url = new URL(address);
  const match = PATH.exec(url.pathname);
  if (match === null) return null;
  return { eventType: match[2] === "embeddings" ? "embedding" : "chat", url, deployment: match[1] };
}
