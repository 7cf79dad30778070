import { EVENT_AMOUNT_MAX, EVENT_TOKENS_MAX } from "@quotel/conventions";
import { amountEvent } from "../../record/amount-event.ts";
import type { UsageEvent } from "../../record/usage-event.ts";
import type { MetricPoint } from "../metric-point.ts";

/**
 * The usage event of an amount that a metric point brings. Its ids are hashes of the point's identity (I1), so a point
 * that comes again gives the same event again.
 */
export function usageOfPoint(point: MetricPoint, amount: number): UsageEvent {
  const { tenantId, resource, stream, startedAtMicros, sampledAtMicros, accountedAtMicros } = point;
  const identity = `${tenantId} ${stream} ${startedAtMicros} ${sampledAtMicros}`;
  const event = amountEvent({ tenantId, resource, amount, endedAtMicros: sampledAtMicros }, identity);
  return accountedAtMicros === sampledAtMicros ? event : { ...event, flags: ["clock_skew"] };
}

/** The most that one event may claim of a resource (I5). */
export function amountMaxOf(resource: string): number {
  return resource === "tokens" || resource === "embedding_tokens" ? EVENT_TOKENS_MAX : EVENT_AMOUNT_MAX;
}
