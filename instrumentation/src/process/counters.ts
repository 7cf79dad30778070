import type { MeterCounters } from "../metering/meter.ts";
import { decisionsAlone } from "../quota/client/decided-alone.ts";
import { accepting } from "../tenant/propagation/accepting.ts";
import { metering } from "./metering.ts";

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
  return { ...decisionsAlone(), tenantsRefused: accepting().refused };
}

/** This process's counters, as its heartbeat tells them; null where nothing is installed. */
export function meteringCounters(): ProcessCounters | null {
  const { meter } = metering();
  return meter === null ? null : { ...meter.counters(), ...countersBeside() };
}
