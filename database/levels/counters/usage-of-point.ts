import { hash } from "node:crypto";
import { EVENT_AMOUNT_MAX, EVENT_TOKENS_MAX } from "@quotel/conventions";
import type { UsageEvent } from "../../record/usage-event.ts";
import type { MetricPoint } from "../metric-point.ts";

/**
 * The usage event of an amount that a metric point brings. Its ids are hashes of the point's identity (I1), so a point
 * that comes again gives the same event again.
 */
export function usageOfPoint(point: MetricPoint, amount: number): UsageEvent {
  const identity = `${point.tenantId} ${point.stream} ${point.startedAtMicros} ${point.sampledAtMicros}`;
  const digest = hash("sha256", identity);
  return {
    tenantId: point.tenantId,
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    eventType: "usage",
    status: "ok",
    resource: point.resource,
    amount,
    endedAtMicros: point.sampledAtMicros,
    // A point says how much was used by its time, not how long anything took.
    durationMicros: 0,
    inputTokens: null,
    outputTokens: null,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: null,
    costNanoUsd: null,
    provider: null,
    model: null,
    serviceTier: null,
    route: null,
    userId: null,
    reservationId: null,
    bootId: null,
    seq: null,
    flags: point.accountedAtMicros === point.sampledAtMicros ? [] : ["clock_skew"],
    detail: null,
  };
}

/** The most that one event may claim of a resource (I5). */
export function amountMaxOf(resource: string): number {
  return resource === "tokens" || resource === "embedding_tokens" ? EVENT_TOKENS_MAX : EVENT_AMOUNT_MAX;
}
