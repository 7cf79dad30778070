import { hash } from "node:crypto";
import type { UsageEvent } from "./usage-event.ts";

/**
 * 64 bits over everything the sender claimed. Equal for a redelivery, different (but for one case in 2^64) for another
 * payload under the same identity (I1). The price is left out: it is ours, and may be known better the second time.
 */
export function fingerprintOf(event: UsageEvent): bigint {
  const claimed = JSON.stringify([
    event.eventType,
    event.status,
    event.resource,
    event.amount,
    event.endedAtMicros,
    event.durationMicros,
    event.inputTokens,
    event.outputTokens,
    event.cacheReadTokens,
    event.cacheWriteTokens,
    event.reasoningTokens,
    event.usageSource,
    event.provider,
    event.model,
    event.serviceTier,
    event.route,
    event.userId,
    event.reservationId,
    event.bootId,
    event.seq,
    event.detail === null ? null : Object.entries(event.detail).sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return hash("sha256", claimed, "buffer").readBigInt64BE(0);
}
