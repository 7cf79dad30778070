import type { UsageEvent } from "./usage-event.ts";

/** One resource an event counts for. Never zero. */
export interface ResourceAmount {
  readonly resource: string;
  readonly amount: number;
}

/** Input (cached included) + output (reasoning included) tokens; unknown counts contribute nothing. */
export function tokensOf(event: UsageEvent): number {
  return (event.inputTokens ?? 0) + (event.outputTokens ?? 0);
}

/**
 * Every (resource, amount) an event counts for, in quota totals and reservations.
 * The SQL view `quotel.usage_amounts` is its twin; a test holds them together.
 */
export function amountsOf(event: UsageEvent): ResourceAmount[] {
  const tokens = tokensOf(event);
  const amounts: ResourceAmount[] = [];
  if (event.resource !== null && event.amount !== 0) amounts.push({ resource: event.resource, amount: event.amount });
  if (tokens !== 0) amounts.push({ resource: "tokens", amount: tokens });
  if (tokens !== 0 && event.eventType === "embedding") amounts.push({ resource: "embedding_tokens", amount: tokens });
  if (event.costNanoUsd) amounts.push({ resource: "cost", amount: event.costNanoUsd });
  return amounts;
}
