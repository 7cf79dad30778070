import { hash } from "node:crypto";
import type { UsageEvent } from "./usage-event.ts";

/** An amount that was used, as somebody states it without a span. */
export interface StatedAmount {
  readonly tenantId: string;
  readonly resource: string;
  readonly amount: number;
  /** By when it was used. */
  readonly endedAtMicros: number;
}

/**
 * The usage event of an amount that no span brings. Its ids are hashes of `identity`, so what is stated again gives the
 * same event again (I1). Nothing else is known: it says how much was used by its time, not how long anything took.
 */
export function amountEvent(stated: StatedAmount, identity: string): UsageEvent {
  const digest = hash("sha256", identity);
  return {
    tenantId: stated.tenantId,
    traceId: digest.slice(0, 32),
    spanId: digest.slice(32, 48),
    eventType: "usage",
    status: "ok",
    resource: stated.resource,
    amount: stated.amount,
    endedAtMicros: stated.endedAtMicros,
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
    flags: [],
    detail: null,
  };
}
