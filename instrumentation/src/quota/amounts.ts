import type { QuotaItem } from "@quotel/conventions";

import type { UsageRecord } from "../metering/usage-record.ts";

/** What an event of each type counts as one of, if it succeeds. */
const COUNTED_AS: ReadonlyMap<string, string> = new Map([
  ["chat", "chat_messages"],
  ["embedding", "embeddings"],
  ["search", "searches"],
  ["kb_ingest", "kb_ingests"],
  ["api_call", "api_calls"],
]);

/**
 * What a piece of work consumed, resource by resource: by definition what the collector counts for its span, because a
 * reservation closed at other amounts would leave a hold behind or free one early. `named`: the resource and amount that
 * the span itself names, in place of what its type counts.
 */
export function amountsOf(
  eventType: string,
  status: UsageRecord["status"],
  usage: { readonly inputTokens?: number | undefined; readonly outputTokens?: number | undefined } | null,
  named: QuotaItem | null = null,
): readonly QuotaItem[] {
  const items =
    named === null
      ? countedOne(eventType, status)
      : [{ ...named, amount: status === "rate_limited" ? 0 : named.amount }];
  // Who names tokens has stated them; the collector does not add the span's own.
  if (named?.resource === "tokens" || named?.resource === "embedding_tokens") return items;
  const tokens = (usage?.inputTokens ?? 0) + (usage?.outputTokens ?? 0);
  if (eventType === "embedding") items.push({ resource: "embedding_tokens", amount: tokens });
  return [...items, { resource: "tokens", amount: tokens }];
}

function countedOne(eventType: string, status: UsageRecord["status"]): QuotaItem[] {
  const resource = COUNTED_AS.get(eventType);
  const counts = status === "ok" || (status === "failed" && eventType === "api_call");
  return resource === undefined ? [] : [{ resource, amount: counts ? 1 : 0 }];
}
