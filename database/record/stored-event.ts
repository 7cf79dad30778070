import { USAGE_FLAGS } from "./usage-event.ts";
import type { UsageEvent, UsageStatus } from "./usage-event.ts";
import type { UsageSource } from "@quotel/conventions";

/** A row of `quotel.usage_events` as `STORED_COLUMNS` selects it. */
export interface StoredRow {
  readonly tenant_id: string;
  readonly trace_id: string;
  readonly span_id: string;
  readonly event_type: string;
  readonly status: UsageStatus;
  readonly resource: string | null;
  readonly amount: number;
  readonly ended_us: number;
  readonly duration_us: number;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cache_read_tokens: number | null;
  readonly cache_write_tokens: number | null;
  readonly reasoning_tokens: number | null;
  readonly usage_source: UsageSource | null;
  readonly cost_nano_usd: number | null;
  readonly provider: string | null;
  readonly model: string | null;
  readonly service_tier: string | null;
  readonly route: string | null;
  readonly user_id: string | null;
  readonly reservation_id: string | null;
  readonly boot_id: string | null;
  readonly seq: number | null;
  readonly flags: number;
  readonly detail: Readonly<Record<string, string | number | boolean>> | null;
}

/** Select list of a `StoredRow`, for a query over `quotel.usage_events e`. */
export const STORED_COLUMNS = `
  e.tenant_id, replace(e.trace_id::text, '-', '') as trace_id, lpad(to_hex(e.span_id), 16, '0') as span_id,
  e.event_type, e.status::text as status, e.resource, e.amount,
  (extract(epoch from e.ended_at) * 1000000)::bigint as ended_us, e.duration_us, e.input_tokens, e.output_tokens,
  e.cache_read_tokens, e.cache_write_tokens, e.reasoning_tokens, e.usage_source::text as usage_source, e.cost_nano_usd,
  e.provider, e.model, e.service_tier, e.route, e.user_id, e.reservation_id::text as reservation_id, e.boot_id, e.seq,
  e.flags, e.detail`;

/** The usage event that a ledger row was made of. */
export function eventOf(row: StoredRow): UsageEvent {
  return {
    tenantId: row.tenant_id,
    traceId: row.trace_id,
    spanId: row.span_id,
    eventType: row.event_type,
    status: row.status,
    resource: row.resource,
    amount: row.amount,
    endedAtMicros: row.ended_us,
    durationMicros: row.duration_us,
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    cacheReadTokens: row.cache_read_tokens,
    cacheWriteTokens: row.cache_write_tokens,
    reasoningTokens: row.reasoning_tokens,
    usageSource: row.usage_source,
    costNanoUsd: row.cost_nano_usd,
    provider: row.provider,
    model: row.model,
    serviceTier: row.service_tier,
    route: row.route,
    userId: row.user_id,
    reservationId: row.reservation_id,
    bootId: row.boot_id,
    seq: row.seq,
    flags: USAGE_FLAGS.filter((_, bit) => (row.flags & (1 << bit)) !== 0),
    detail: row.detail,
  };
}
