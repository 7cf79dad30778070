import type { LimitPeriod } from "@quotel/conventions";

/** The instant from which a limit's grace time runs: when something past its amount was first admitted in a period. */
export interface CrossingKey {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: LimitPeriod;
  readonly startMs: number;
}

export interface Crossing extends CrossingKey {
  readonly crossedAtMs: number;
}
