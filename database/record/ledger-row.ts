import { accountingPeriods } from "../periods/period.ts";
import type { AccountingPeriods, CalendarVersion } from "../periods/period.ts";
import { cleanEvent } from "./clean-text.ts";
import { USAGE_FLAGS } from "./usage-event.ts";
import type { UsageEvent } from "./usage-event.ts";

const DAY_MICROS = 86_400_000_000;

/** A usage event with all that one ledger row needs beside it. */
export interface LedgerRow {
  readonly event: UsageEvent;
  /** UTC day of the claimed end, in days since the Unix epoch. */
  readonly eventDay: number;
  /** Decides every rollup and period (I7). */
  readonly accountedAtMicros: number;
  readonly periods: AccountingPeriods;
  readonly flagBits: number;
  readonly producerId: string;
}

/** An event with who sent it and when it came. */
export interface ReceivedEvent {
  readonly event: UsageEvent;
  readonly producerId: string;
  readonly receivedAtMicros: number;
  /** When the work ended by our clock, where the sender's is known to be off (I4). */
  readonly correctedEndMicros?: number | undefined;
}

/**
 * The ledger row of an event. `accounted_at` is the admission instant of its reservation, else the claimed end; for a
 * sender whose clock is off, the end by our clock where that is known, else (where it runs ahead) the instant of receipt.
 *
 * @param admittedAtMs of the reservation it names, if a decision has admitted that
 */
export function ledgerRowOf(
  { event: raw, producerId, receivedAtMicros, correctedEndMicros }: ReceivedEvent,
  admittedAtMs: number | undefined,
  calendar: readonly CalendarVersion[],
): LedgerRow {
  const event = cleanEvent(raw);
  const ended = correctedEndMicros ?? (event.flags.includes("clock_skew") ? receivedAtMicros : event.endedAtMicros);
  const accountedAtMicros = admittedAtMs === undefined ? ended : admittedAtMs * 1000;
  return {
    event,
    eventDay: Math.floor(event.endedAtMicros / DAY_MICROS),
    accountedAtMicros,
    periods: accountingPeriods(Math.floor(accountedAtMicros / 1000), calendar),
    flagBits: flagBitsOf(event),
    producerId,
  };
}

/** The identity of an event (I1): tenant, UTC day of its claimed end, trace id, span id. */
export function identityOf({ event, eventDay }: LedgerRow): string {
  return `${event.tenantId} ${eventDay} ${event.traceId} ${event.spanId}`;
}

/** Orders rows by identity; 0 = the same one. Every writer takes rows in this order. */
export function compareIdentity(a: LedgerRow, b: LedgerRow): number {
  return (
    compare(a.event.tenantId, b.event.tenantId) ||
    a.eventDay - b.eventDay ||
    compare(a.event.traceId, b.event.traceId) ||
    compare(a.event.spanId, b.event.spanId)
  );
}

function flagBitsOf({ flags }: UsageEvent): number {
  let bits = 0;
  for (const flag of flags) bits |= 1 << USAGE_FLAGS.indexOf(flag);
  return bits;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : a > b ? 1 : 0;
}
