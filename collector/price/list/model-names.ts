import { providerOf } from "../../normalise/usage/provider.ts";

/** The price list's own provider ids, where they differ from OpenTelemetry's names. */
const LISTED_AS: ReadonlyMap<string, string> = new Map([
  ["aws.bedrock", "aws"],
  ["azure.ai.openai", "azure"],
  ["azure.ai.inference", "azure"],
  ["gcp.gemini", "google"],
  ["gcp.gen_ai", "google"],
  ["gcp.vertex_ai", "google"],
  ["mistral_ai", "mistral"],
  ["moonshot_ai", "moonshotai"],
  ["x_ai", "x-ai"],
]);

/**
 * The list's id of a provider, or the name itself, which the list may recognise. It takes any name with `openai` in it
 * for OpenAI, but what runs on Azure has Azure's prices.
 */
export function listedProvider(provider: string): string {
  return LISTED_AS.get(provider) ?? (provider.includes("azure") ? "azure" : provider);
}

/**
 * The names under which the list may know a model, most literal first. The list itself knows dated and regional ids
 * (`gpt-4o-2024-08-06`, `us.anthropic.claude-...-v1:0`, `...@20250514`). What it does not know are resource paths
 * (`publishers/google/models/gemini-2.5-pro`) and the provider's own name in front, as proxies write it (`openai/gpt-4o`).
 * Another provider's name is left alone: it has its own prices.
 */
export function modelNames(provider: string, model: string): string[] {
  const names = [model];
  const path = model.lastIndexOf("models/");
  if (path === 0 || model[path - 1] === "/") names.push(model.slice(path + "models/".length));
  const slash = model.indexOf("/");
  const owner = slash > 0 ? providerOf(model.slice(0, slash)) : null;
  if (owner !== null && listedProvider(owner) === listedProvider(provider)) names.push(model.slice(slash + 1));
  return names;
}
