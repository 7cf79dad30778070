import type { QuotaItem } from "@quotel/conventions";

import type { TokenUsage } from "../tap/attempt/token-usage.ts";
import type { ModelEventType } from "../tap/formats/wire-format.ts";

/**
 * What a provider call consumed, resource by resource: by definition what the collector counts for its span, because a
 * reservation closed at other amounts would leave a hold behind or free one early.
 */
export function amountsOf(
  eventType: ModelEventType,
  status: "ok" | "failed",
  usage: TokenUsage | null,
): readonly QuotaItem[] {
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  const successes = status === "ok" ? 1 : 0;
  if (eventType === "chat") {
    return [
      { resource: "chat_messages", amount: successes },
      { resource: "tokens", amount: tokens },
    ];
  }
  if (eventType === "embedding") {
    return [
      { resource: "embeddings", amount: successes },
      { resource: "embedding_tokens", amount: tokens },
      { resource: "tokens", amount: tokens },
    ];
  }
  return [{ resource: "tokens", amount: tokens }];
}
