import type { UsageSource } from "@quotel/conventions";

/** How the work ended. `rate_limited` = our own middleware refused it; nothing was consumed. */
export type UsageStatus = "ok" | "failed" | "rate_limited";

/** What a reader of the ledger should know about an event; stored as a bit set, in this order. Append only. */
export const USAGE_FLAGS = ["clock_skew", "usage_conflict", "cache_exclusive", "reasoning_exclusive"] as const;
export type UsageFlag = (typeof USAGE_FLAGS)[number];

/**
 * One span's consumption, whoever sent it and in whichever vendor's words: what the pipeline's stages agree on and what
 * one ledger row holds. Amounts are integers, negative only for what can be given
 * back (a level's deletions); instants are microseconds since the Unix epoch.
 */
export interface UsageEvent {
  readonly tenantId: string;
  /** 32 lower-case hex digits, not all zero. With `spanId` and the UTC day of `endedAtMicros`, the identity (I1). */
  readonly traceId: string;
  /** 16 lower-case hex digits, not all zero. */
  readonly spanId: string;
  /** `api_call`, `chat`, `embedding`, ... */
  readonly eventType: string;
  readonly status: UsageStatus;
  /** What the event counts as one (or `amount`) of; null where it only carries tokens or cost. */
  readonly resource: string | null;
  /** Of `resource`; 0 for failed and refused work. */
  readonly amount: number;
  /** Claimed end of the work. Decides identity and partition, and, without a reservation, the accounting period. */
  readonly endedAtMicros: number;
  readonly durationMicros: number;
  /** Includes cached tokens. Null = unknown, which is not zero (I6). */
  readonly inputTokens: number | null;
  /** Includes reasoning tokens. Null = unknown. */
  readonly outputTokens: number | null;
  readonly cacheReadTokens: number | null;
  readonly cacheWriteTokens: number | null;
  readonly reasoningTokens: number | null;
  /** Null for events that no model served. */
  readonly usageSource: UsageSource | null;
  /** Integer nano-USD; null = the price is unknown, or nothing was priced (`usageSource` null). 0 = free. */
  readonly costNanoUsd: number | null;
  readonly provider: string | null;
  /** The model that answered, else the one asked for. */
  readonly model: string | null;
  /** What the provider charged by: `default`, `priority`, `flex`, ... Null = not said. */
  readonly serviceTier: string | null;
  /** `http.route`: a label, never part of a total. */
  readonly route: string | null;
  readonly userId: string | null;
  /** Lower-case UUID of the reservation that admitted the work. */
  readonly reservationId: string | null;
  readonly bootId: string | null;
  readonly seq: number | null;
  readonly flags: readonly UsageFlag[];
  /**
   * What the sender said and no column holds: metadata of the app, raw counters where the canonical ones differ.
   * Bounded; null for most events.
   */
  readonly detail: Readonly<Record<string, string | number | boolean>> | null;
}
