import type { EventDays } from "./event-days.ts";

/** Which buckets one step of a rebuild is about, and which days of the ledger hold all of their folded events. */
export interface RebuildScope extends EventDays {
  /** Buckets that start in [fromMs, toMs), Unix milliseconds. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Null = all. */
  readonly tenantId: string | null;
}
