import type { MeterCounters } from "../metering/meter.ts";
import { runtime } from "./runtime.ts";

/** What an operator may want to know of a process: its metering, and decisions taken without the quota service (I14). */
export type ProcessCounters = MeterCounters & { readonly failOpen: number; readonly failClosed: number };

/** This process's counters, as its heartbeat tells them; null where nothing is installed. */
export function meteringCounters(): ProcessCounters | null {
  const { meter, decidedAlone } = runtime();
  return meter === null ? null : { ...meter.counters(), ...decidedAlone };
}
