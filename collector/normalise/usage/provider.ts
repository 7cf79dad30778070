/** Canonical names of OpenTelemetry, and the other names in use for each. Looked up in lower case. */
const ALIASES: Readonly<Record<string, readonly string[]>> = {
  openai: [],
  anthropic: [],
  "aws.bedrock": ["aws", "bedrock", "amazon", "amazon-bedrock", "amazon_bedrock", "aws_bedrock"],
  "azure.ai.openai": ["azure", "az.ai.openai", "azure-openai", "azure_openai"],
  "azure.ai.inference": ["az.ai.inference", "azure-ai-inference"],
  "gcp.gemini": ["gemini", "google", "google.generative-ai", "google_genai", "google_generativeai", "google-gla"],
  "gcp.vertex_ai": ["vertex_ai", "vertexai", "vertex", "google.vertex", "google-vertex", "google_vertexai"],
  "gcp.gen_ai": [],
  cohere: [],
  mistral_ai: ["mistral", "mistralai"],
  groq: [],
  deepseek: [],
  perplexity: [],
  x_ai: ["xai"],
  "ibm.watsonx.ai": ["watsonx", "ibm-watsonx"],
  moonshot_ai: ["moonshot", "moonshotai"],
};

const CANONICAL: ReadonlyMap<string, string> = new Map(
  Object.entries(ALIASES).flatMap(([name, aliases]) => [name, ...aliases].map((alias) => [alias, name] as const)),
);

/** The AI SDK calls a provider `<name>.<one of its APIs>`. */
const API_SUFFIX = /\.(chat|completion|responses|messages|embedding|textEmbedding|image|transcription|speech)$/i;

/**
 * The canonical name of a provider; of a dotted one the longest beginning that is known (`google.vertex.chat`). One we
 * do not know stays as it is, in lower case and without the name of an API.
 */
export function providerOf(name: string | null): string | null {
  if (name === null) return null;
  const canonical = CANONICAL.get(name);
  if (canonical !== undefined) return canonical;
  const lower = name.toLowerCase();
  for (let end = lower.length; end > 0; end = lower.lastIndexOf(".", end - 1)) {
    const known = CANONICAL.get(lower.slice(0, end));
    if (known !== undefined) return known;
  }
  return lower.replace(API_SUFFIX, "");
}
