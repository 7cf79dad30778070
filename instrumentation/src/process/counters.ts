import type { MeterCounters } from "../metering/meter.ts";
import { runtime } from "./runtime.ts";

/** This process's metering counters; null where nothing is installed. */
export function meteringCounters(): MeterCounters | null {
  return runtime().meter?.counters() ?? null;
}
