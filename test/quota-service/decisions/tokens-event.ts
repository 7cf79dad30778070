import { amountEvent } from "#database/record/amount-event";
import type { UsageEvent } from "#database/record/usage-event";

/** A chat event of `tokens` tokens that ended just now; `name` decides its identity. */
export function tokensEvent(
  tenantId: string,
  name: string,
  tokens: number,
  reservationId: string | null,
  endedAtMicros = Date.now() * 1000,
): UsageEvent {
  const message = { tenantId, resource: "chat_messages", amount: 1, endedAtMicros };
  return {
    ...amountEvent(message, `${tenantId} ${name}`),
    eventType: "chat",
    durationMicros: 1_000,
    inputTokens: tokens,
    outputTokens: 0,
    usageSource: "provider",
    provider: "openai",
    model: "gpt-4o",
    reservationId,
  };
}
