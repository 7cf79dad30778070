import { hash } from "node:crypto";
import type { UsageEvent } from "#database/record/usage-event";

/** A chat event of `tokens` tokens that ended just now; `name` decides its identity. */
export function tokensEvent(
  tenantId: string,
  name: string,
  tokens: number,
  reservationId: string | null,
  endedAtMicros = Date.now() * 1000,
): UsageEvent {
  const identity = hash("sha256", `${tenantId} ${name}`);
  return {
    tenantId,
    traceId: identity.slice(0, 32),
    spanId: identity.slice(32, 48),
    eventType: "chat",
    status: "ok",
    resource: "chat_messages",
    amount: 1,
    endedAtMicros,
    durationMicros: 1_000,
    inputTokens: tokens,
    outputTokens: 0,
    cacheReadTokens: null,
    cacheWriteTokens: null,
    reasoningTokens: null,
    usageSource: "provider",
    costNanoUsd: null,
    provider: "openai",
    model: "gpt-4o",
    route: null,
    userId: null,
    reservationId,
    bootId: null,
    seq: null,
    serviceTier: null,
    detail: null,
    flags: [],
  };
}
