import { HORIZON_DAYS } from "@quotel/conventions";
import type { SetAsideReason } from "#database/quarantine/quarantine-item";

const DAY_MICROS = 86_400_000_000;

/** Days of ledger partitions kept behind and ahead of today; they hold everything the horizon admits, and slack. */
export const PARTITION_DAYS_BEHIND = HORIZON_DAYS + 1;
export const PARTITION_DAYS_AHEAD = 3;

/**
 * Why an event that ended at this instant cannot be counted, or null (I4): dedupe memory covers the horizon, so older
 * ones could be counted twice; ones that claim to end more than a day from now have no period yet.
 */
export function beyondHorizon(endedAtMicros: number, nowMicros: number): SetAsideReason | null {
  if (endedAtMicros < nowMicros - HORIZON_DAYS * DAY_MICROS) return "beyond_horizon";
  return isInFuture(endedAtMicros, nowMicros) ? "in_future" : null;
}

/** Whether an instant is more than a day from now: a broken clock's, or one whose time has not come. */
export function isInFuture(micros: number, nowMicros: number): boolean {
  return micros > nowMicros + DAY_MICROS;
}
