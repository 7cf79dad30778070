import { NUMERIC_OUT_OF_RANGE } from "../sqlstate.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** A value of a ledger row before it is encoded; what it means is the column's `type`. */
export type ColumnValue = string | number | null;

/** How values are given, and which Postgres type they become. */
export type ColumnType =
  /** As it is; also enum labels. */
  | "text"
  | "usage_status"
  | "usage_source"
  /** JSON text. */
  | "jsonb"
  /** An integer JavaScript holds exactly. */
  | "bigint"
  | "integer"
  /** 16 hex digits: the 64 bits of a span id. */
  | "bits64"
  /** 32 hex digits, dashes or none. */
  | "uuid"
  /** Days since the Unix epoch. */
  | "date"
  /** Microseconds since the Unix epoch. */
  | "timestamptz";

export interface LedgerColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly of: (row: LedgerRow, batch: number) => ColumnValue;
}

/** Every column that a record transaction writes; the others have defaults. */
export const LEDGER_COLUMNS: readonly LedgerColumn[] = [
  { name: "tenant_id", type: "text", of: ({ event }) => event.tenantId },
  { name: "event_day", type: "date", of: ({ eventDay }) => eventDay },
  { name: "trace_id", type: "uuid", of: ({ event }) => event.traceId },
  { name: "span_id", type: "bits64", of: ({ event }) => event.spanId },
  { name: "batch", type: "bigint", of: (_, batch) => batch },
  { name: "ended_at", type: "timestamptz", of: ({ event }) => event.endedAtMicros },
  { name: "accounted_at", type: "timestamptz", of: ({ accountedAtMicros }) => accountedAtMicros },
  { name: "day_start", type: "timestamptz", of: ({ periods }) => periods.day.startMs * 1000 },
  { name: "month_start", type: "timestamptz", of: ({ periods }) => periods.month.startMs * 1000 },
  { name: "duration_us", type: "bigint", of: ({ event }) => event.durationMicros },
  { name: "event_type", type: "text", of: ({ event }) => event.eventType },
  { name: "status", type: "usage_status", of: ({ event }) => event.status },
  { name: "resource", type: "text", of: ({ event }) => event.resource },
  { name: "amount", type: "bigint", of: ({ event }) => event.amount },
  { name: "input_tokens", type: "bigint", of: ({ event }) => event.inputTokens },
  { name: "output_tokens", type: "bigint", of: ({ event }) => event.outputTokens },
  { name: "cache_read_tokens", type: "bigint", of: ({ event }) => event.cacheReadTokens },
  { name: "cache_write_tokens", type: "bigint", of: ({ event }) => event.cacheWriteTokens },
  { name: "reasoning_tokens", type: "bigint", of: ({ event }) => event.reasoningTokens },
  { name: "usage_source", type: "usage_source", of: ({ event }) => event.usageSource },
  { name: "cost_nano_usd", type: "bigint", of: ({ event }) => event.costNanoUsd },
  { name: "provider", type: "text", of: ({ event }) => event.provider },
  { name: "model", type: "text", of: ({ event }) => event.model },
  { name: "service_tier", type: "text", of: ({ event }) => event.serviceTier },
  { name: "route", type: "text", of: ({ event }) => event.route },
  { name: "user_id", type: "text", of: ({ event }) => event.userId },
  { name: "reservation_id", type: "uuid", of: ({ event }) => event.reservationId },
  { name: "boot_id", type: "text", of: ({ event }) => event.bootId },
  { name: "seq", type: "bigint", of: ({ event }) => event.seq },
  { name: "flags", type: "integer", of: ({ flagBits }) => flagBits },
  { name: "producer", type: "text", of: ({ producerId }) => producerId },
  { name: "detail", type: "jsonb", of: ({ event }) => (event.detail === null ? null : JSON.stringify(event.detail)) },
];

/**
 * Refuses, as Postgres refuses what is out of a type's range, a number that is no exact integer: it would be stored as
 * another one, or come back as one.
 */
export function requireExact(value: number, type: ColumnType): void {
  if (Number.isSafeInteger(value)) return;
  throw Object.assign(new RangeError(`${value} is out of range for ${type}`), { code: NUMERIC_OUT_OF_RANGE });
}

export const LEDGER_COLUMN_NAMES: string = LEDGER_COLUMNS.map(({ name }) => name).join(", ");
