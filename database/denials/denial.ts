import type { DenialReason, ReservationDecision } from "@quotel/conventions";

/** How often a tenant was denied a resource in a minute, for one reason. */
export interface DenialCount {
  readonly tenantId: string;
  readonly resource: string;
  /** Start of the minute, by the clock of the decisions. */
  readonly minuteMs: number;
  /** "UNAVAILABLE": denied without the database, by a limit that says so. */
  readonly reason: DenialReason | "UNAVAILABLE";
  readonly denials: number;
}

/** A denial kept whole, under one of the resources that it denied. */
export interface DeniedDecision {
  readonly resource: string;
  readonly minuteMs: number;
  readonly decision: ReservationDecision;
}

/** Of the denials of a tenant, resource and minute so many are kept whole. */
export const KEPT_PER_MINUTE = 10;
