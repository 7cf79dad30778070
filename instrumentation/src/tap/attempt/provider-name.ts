/** Hosts that speak the OpenAI format, by the provider name of the GenAI conventions. */
const PROVIDERS: readonly (readonly [suffix: string, name: string])[] = [
  ["openai.azure.com", "azure.ai.openai"],
  ["services.ai.azure.com", "azure.ai.inference"],
  ["groq.com", "groq"],
  ["mistral.ai", "mistral_ai"],
  ["deepseek.com", "deepseek"],
  ["x.ai", "x_ai"],
  ["perplexity.ai", "perplexity"],
  ["moonshot.ai", "moonshot_ai"],
  ["together.xyz", "together"],
  ["openrouter.ai", "openrouter"],
];

/** The provider behind a host; an unknown host that speaks the OpenAI format counts as `openai`, as the conventions say. */
export function providerOf(hostname: string): string {
  const known = PROVIDERS.find(([suffix]) => hostname === suffix || hostname.endsWith(`.${suffix}`));
  return known?.[1] ?? "openai";
}
