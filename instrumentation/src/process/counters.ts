import type { MeterCounters } from "../metering/meter.ts";
import { runtime } from "./runtime.ts";

/** What is counted beside the metering. */
interface CountersBeside extends Readonly<Record<string, number>> {
  /** Decisions taken without the quota service (I14). */
  readonly failOpen: number;
  readonly failClosed: number;
  /** `quotel-tenant` headers that did not hold. */
  readonly tenantsRefused: number;
}

/** What an operator may want to know of a process. */
export type ProcessCounters = MeterCounters & CountersBeside;

export function countersBeside(): CountersBeside {
  const { decidedAlone, propagation } = runtime();
  return { ...decidedAlone, tenantsRefused: propagation?.refused ?? 0 };
}

/** This process's counters, as its heartbeat tells them; null where nothing is installed. */
export function meteringCounters(): ProcessCounters | null {
  const { meter } = runtime();
  return meter === null ? null : { ...meter.counters(), ...countersBeside() };
}
