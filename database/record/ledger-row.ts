import { instantOfMicros, utcDayOfMicros } from "../periods/instant.ts";
import { accountingPeriods } from "../periods/period.ts";
import type { AccountingPeriods, CalendarVersion } from "../periods/period.ts";
import { cleanEvent } from "./clean-text.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { USAGE_FLAGS } from "./usage-event.ts";
import type { UsageEvent } from "./usage-event.ts";

/** A usage event with all that one ledger row needs beside it. */
export interface LedgerRow {
  readonly event: UsageEvent;
  readonly eventDay: string;
  readonly spanNumber: string;
  readonly fingerprint: string;
  /** Decides every rollup and period (I7). */
  readonly accountedAtMicros: number;
  readonly periods: AccountingPeriods;
  readonly flagBits: number;
  readonly producerId: string;
}

/** What a batch of events shares while it is turned into rows. */
export interface RowContext {
  readonly producerId: string;
  readonly receivedAtMicros: number;
  readonly admittedAtMs: number | undefined;
  readonly calendar: readonly CalendarVersion[];
}

/**
 * The ledger row of an event. `accounted_at` is the admission instant of its reservation, else the claimed end, else
 * (for a sender whose clock runs ahead) the instant of receipt.
 */
export function ledgerRowOf(raw: UsageEvent, context: RowContext): LedgerRow {
  const event = cleanEvent(raw);
  const claimed = event.flags.includes("clock_skew") ? context.receivedAtMicros : event.endedAtMicros;
  const accountedAtMicros = context.admittedAtMs === undefined ? claimed : context.admittedAtMs * 1000;
  return {
    event,
    eventDay: utcDayOfMicros(event.endedAtMicros),
    spanNumber: BigInt.asIntN(64, BigInt(`0x${event.spanId}`)).toString(),
    fingerprint: fingerprintOf(event).toString(),
    accountedAtMicros,
    periods: accountingPeriods(Math.floor(accountedAtMicros / 1000), context.calendar),
    flagBits: event.flags.reduce((bits, flag) => bits | (1 << USAGE_FLAGS.indexOf(flag)), 0),
    producerId: context.producerId,
  };
}

/** The identity of an event (I1): tenant, UTC day of its claimed end, trace id, span id. */
export function identityOf({ event, eventDay }: LedgerRow): string {
  return `${event.tenantId} ${eventDay} ${event.traceId} ${event.spanId}`;
}

/** The columns of a ledger row, in the order of `insertEvents`. */
export function ledgerColumns(row: LedgerRow): (string | number | null)[] {
  const { event } = row;
  const endedAt = instantOfMicros(event.endedAtMicros);
  return [
    event.tenantId,
    row.eventDay,
    event.traceId,
    row.spanNumber,
    row.fingerprint,
    endedAt,
    row.accountedAtMicros === event.endedAtMicros ? endedAt : instantOfMicros(row.accountedAtMicros),
    event.durationMicros,
    event.eventType,
    event.status,
    event.resource,
    event.amount,
    event.inputTokens,
    event.outputTokens,
    event.cacheReadTokens,
    event.cacheWriteTokens,
    event.reasoningTokens,
    event.usageSource,
    event.costNanoUsd,
    event.provider,
    event.model,
    event.route,
    event.userId,
    event.reservationId,
    event.bootId,
    event.seq,
    row.flagBits,
    row.producerId,
  ];
}
