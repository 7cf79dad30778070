import fc from "fast-check";
import type { UsageEvent } from "#database/record/usage-event";

const hex = (length: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: 1n, max: 2n ** BigInt(length * 4) - 1n }).map((value) => value.toString(16).padStart(length, "0"));

const tokens = fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: null });
const label = fc.option(fc.constantFrom("gpt-4o", "claude-sonnet-4", "nul\0inside", "lone\ud800surrogate", "ünï"), {
  nil: null,
});

const KINDS = [
  { eventType: "chat", resource: "chat_messages" },
  { eventType: "embedding", resource: "embeddings" },
  { eventType: "api_call", resource: "api_calls" },
  { eventType: "usage", resource: "tokens" },
  { eventType: "model_call", resource: null },
] as const;

/** Random usage events of a few tenants within the last days, so that tenants, buckets and reservations collide. */
export function arbitraryEvent(nowMicros: number): fc.Arbitrary<UsageEvent> {
  return fc
    .record({
      tenantId: fc.constantFrom("acme", "globex", "initech", "unattributed"),
      traceId: hex(32),
      spanId: hex(16),
      kind: fc.constantFrom(...KINDS),
      status: fc.constantFrom("ok", "failed", "rate_limited"),
      amount: fc.integer({ min: 0, max: 50 }),
      ageMicros: fc.integer({ min: 0, max: 3 * 86_400_000_000 }),
      durationMicros: fc.integer({ min: 0, max: 60_000_000 }),
      inputTokens: tokens,
      outputTokens: tokens,
      cacheReadTokens: tokens,
      cacheWriteTokens: tokens,
      reasoningTokens: tokens,
      usageSource: fc.constantFrom("provider", "partial", "estimated", "none", null),
      costNanoUsd: fc.option(fc.integer({ min: 0, max: 10_000_000_000 }), { nil: null }),
      provider: fc.constantFrom("openai", "anthropic", null),
      model: label,
      userId: label,
      reservationId: fc.constantFrom(
        null,
        null,
        "0198a000-0000-7000-8000-000000000001",
        "0198a000-0000-7000-8000-000000000002",
      ),
      serviceTier: fc.constantFrom("priority", null, null),
      detail: fc.constantFrom(null, null, { "quotel.metadata.feature": "sea\0rch", retries: 2, final: true }),
      seq: fc.option(fc.integer({ min: 1, max: 1_000_000 }), { nil: null }),
    })
    .map(({ kind, ageMicros, ...rest }) => ({
      ...rest,
      ...kind,
      endedAtMicros: nowMicros - ageMicros,
      route: null,
      bootId: null,
      flags: [],
    }));
}
