/** Names in use for a provider -> OpenTelemetry's canonical one. Looked up in lower case. */
const CANONICAL: ReadonlyMap<string, string> = new Map([
  ["aws", "aws.bedrock"],
  ["bedrock", "aws.bedrock"],
  ["amazon-bedrock", "aws.bedrock"],
  ["azure", "azure.ai.openai"],
  ["azure-openai", "azure.ai.openai"],
  ["azure_openai", "azure.ai.openai"],
  ["az.ai.openai", "azure.ai.openai"],
  ["az.ai.inference", "azure.ai.inference"],
  ["gemini", "gcp.gemini"],
  ["google", "gcp.gemini"],
  ["google.generative-ai", "gcp.gemini"],
  ["vertex_ai", "gcp.vertex_ai"],
  ["vertexai", "gcp.vertex_ai"],
  ["google.vertex", "gcp.vertex_ai"],
  ["mistral", "mistral_ai"],
  ["mistralai", "mistral_ai"],
  ["xai", "x_ai"],
  ["watsonx", "ibm.watsonx.ai"],
  ["moonshot", "moonshot_ai"],
  ["moonshotai", "moonshot_ai"],
]);

/** Providers whose own name has no dot: in `openai.chat` what follows the dot names an API of theirs. */
const UNDOTTED: ReadonlySet<string> = new Set([
  "openai",
  "anthropic",
  "cohere",
  "mistral_ai",
  "groq",
  "deepseek",
  "perplexity",
  "x_ai",
  "moonshot_ai",
]);

/** The canonical name of a provider; one we do not know stays as it is, in lower case. */
export function providerOf(name: string | null): string | null {
  if (name === null) return null;
  const lower = name.toLowerCase();
  const canonical = CANONICAL.get(lower);
  if (canonical !== undefined) return canonical;
  const dot = lower.indexOf(".");
  if (dot < 0) return lower;
  const prefix = lower.slice(0, dot);
  const vendor = CANONICAL.get(prefix) ?? prefix;
  return UNDOTTED.has(vendor) || prefix === "amazon-bedrock" || prefix === "azure-openai" ? vendor : lower;
}
