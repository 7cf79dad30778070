import { HORIZON_DAYS } from "@quotel/conventions";
import type { UsageEvent } from "#database/record/usage-event";

/** A clock nearer to ours than this is right: the rest is the way of the request. */
const TOLERANCE_MICROS = 60_000_000;
const HORIZON_MICROS = HORIZON_DAYS * 86_400_000_000;

/**
 * How far a sender's clock is behind ours (negative: ahead), by what it showed when the request was sent; 0 = near
 * enough, or not said.
 */
export function clockOffset(sentAtMicros: number | null, receivedAtMicros: number): number {
  if (sentAtMicros === null) return 0;
  const offset = receivedAtMicros - sentAtMicros;
  return Math.abs(offset) > TOLERANCE_MICROS ? offset : 0;
}

/**
 * When the event ended by our clock (I4). Only accounting uses it: the claimed end stays the identity. Null where the
 * offset says nothing sensible about this event: nobody gets to choose a period outside what is accepted anyway.
 */
export function correctedEnd(event: UsageEvent, offsetMicros: number, receivedAtMicros: number): number | null {
  if (offsetMicros === 0) return null;
  // What ended by the time it was sent ended, by our clock, before it was received.
  const corrected = Math.min(event.endedAtMicros + offsetMicros, receivedAtMicros);
  return corrected < receivedAtMicros - HORIZON_MICROS ? null : corrected;
}

/** The event, flagged as one of a clock that is off. */
export function flaggedSkewed(event: UsageEvent): UsageEvent {
  return event.flags.includes("clock_skew") ? event : { ...event, flags: [...event.flags, "clock_skew"] };
}
