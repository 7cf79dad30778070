/** Providers by their hosts, in the names of the GenAI conventions; many of them speak several formats. */
const PROVIDERS: readonly (readonly [host: RegExp, name: string])[] = [
  [/(^|\.)openai\.com$/, "openai"],
  [/\.openai\.azure\.com$/, "azure.ai.openai"],
  [/\.(services|models)\.ai\.azure\.com$/, "azure.ai.inference"],
  [/(^|\.)anthropic\.com$/, "anthropic"],
  [/^generativelanguage\.googleapis\.com$/, "gcp.gemini"],
  [/(^|-)aiplatform\.googleapis\.com$/, "gcp.vertex_ai"],
  [/(^|\.)bedrock-(runtime|mantle).*\.amazonaws\.com(\.cn)?$/, "aws.bedrock"],
  [/(^|\.)cohere\.(com|ai)$/, "cohere"],
  [/(^|\.)groq\.com$/, "groq"],
  [/(^|\.)mistral\.ai$/, "mistral_ai"],
  [/(^|\.)deepseek\.com$/, "deepseek"],
  [/(^|\.)x\.ai$/, "x_ai"],
  [/(^|\.)perplexity\.ai$/, "perplexity"],
  [/(^|\.)moonshot\.(ai|cn)$/, "moonshot_ai"],
  [/(^|\.)together\.(xyz|ai)$/, "together"],
  [/(^|\.)openrouter\.ai$/, "openrouter"],
];

/** The provider behind a host; undefined: nobody known, who counts as the provider whose format it speaks. */
export function knownProviderOf(hostname: string): string | undefined {
  return PROVIDERS.find(([host]) => host.test(hostname))?.[1];
}
