/** How the chat app runs. */
interface AppConfig {
  /** Address to listen on; loopback unless a container says otherwise. */
  readonly host: string;
  /** 0 = any free port. */
  readonly port: number;
  readonly openaiBaseUrl: string;
  readonly openaiApiKey: string;
  readonly chatModel: string;
  readonly embeddingModel: string;
}

export type ConfigResult =
  { readonly ok: true; readonly config: AppConfig } | { readonly ok: false; readonly problems: readonly string[] };

/** Reads `LISTEN_HOST`, `PORT`, `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `CHAT_MODEL` and `EMBEDDING_MODEL`; names every problem, not the first. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: string[] = [];
  const port = Number(env["PORT"] ?? 3000);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) problems.push(`PORT=${env["PORT"]} is not a port`);
  const openaiBaseUrl = env["OPENAI_BASE_URL"] ?? "https://api.openai.com/v1";
  if (!URL.canParse(openaiBaseUrl)) problems.push(`OPENAI_BASE_URL=${openaiBaseUrl} is not a URL`);
  const openaiApiKey = env["OPENAI_API_KEY"] ?? "";
  if (openaiApiKey === "") problems.push("OPENAI_API_KEY is missing");
  if (problems.length > 0) return { ok: false, problems };
  const chatModel = env["CHAT_MODEL"] ?? "gpt-4o-mini";
  const embeddingModel = env["EMBEDDING_MODEL"] ?? "text-embedding-3-small";
  const host = env["LISTEN_HOST"] || "127.0.0.1";
  return { ok: true, config: { host, port, openaiBaseUrl, openaiApiKey, chatModel, embeddingModel } };
}
