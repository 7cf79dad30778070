import { EVENT_TOKENS_MAX } from "@quotel/conventions";
import { integer } from "../attributes/integer.ts";
import { jsonObject, objectOf, scalarOf, type JsonObject } from "../attributes/json-object.ts";
import { SLOT, type Slots } from "../attributes/slots.ts";
import type { CacheSemantics } from "./cache-semantics.ts";

export interface VercelMetadata {
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly reasoning: number | null;
  readonly semantics: CacheSemantics;
}

/**
 * What `ai.response.providerMetadata` (JSON) of the AI SDK 4 to 6 tells of tokens. The SDK's scope `ai` has no version
 * and 5 and 6 use the same attribute names, yet Anthropic's input excludes the cache in 4 and 5 and includes it in 6
 * (packages/anthropic/src). Since 5 the metadata repeats Anthropic's own usage, which settles it; 4 had other names.
 *
 * `input` = the span's input tokens. Null = the metadata says nothing of this.
 */
export function vercelMetadata(slots: Slots, input: number | null): VercelMetadata | null {
  const metadata = jsonObject(slots.get(SLOT.vercelMetadata));
  if (metadata === null) return null;
  const anthropic = objectOf(metadata["anthropic"]);
  if (anthropic !== null) return anthropicMetadata(anthropic, input);
  const bedrock = objectOf(objectOf(metadata["bedrock"])?.["usage"]);
  if (bedrock !== null) {
    return {
      cacheRead: count(bedrock, "cacheReadInputTokens"),
      cacheWrite: count(bedrock, "cacheWriteInputTokens"),
      reasoning: null,
      semantics: "unknown",
    };
  }
  const openai = objectOf(metadata["openai"]) ?? objectOf(metadata["azure"]);
  if (openai === null) return null;
  return {
    cacheRead: count(openai, "cachedPromptTokens"),
    cacheWrite: null,
    reasoning: count(openai, "reasoningTokens"),
    semantics: "inclusive",
  };
}

function anthropicMetadata(anthropic: JsonObject, input: number | null): VercelMetadata {
  const usage = objectOf(anthropic["usage"]);
  const cacheRead = usage === null ? null : count(usage, "cache_read_input_tokens");
  const cacheWrite = usage === null ? null : count(usage, "cache_creation_input_tokens");
  const own = usage === null ? null : count(usage, "input_tokens");
  return {
    cacheRead: cacheRead ?? count(anthropic, "cacheReadInputTokens"),
    cacheWrite: cacheWrite ?? count(anthropic, "cacheCreationInputTokens"),
    reasoning: null,
    semantics: own === null || own === input ? "exclusive" : "inclusive",
  };
}

function count(object: JsonObject, name: string): number | null {
  const amount = integer(scalarOf(object, name), EVENT_TOKENS_MAX);
  return amount === "invalid" ? null : amount;
}
