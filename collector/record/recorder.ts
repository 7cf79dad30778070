import type { Pool } from "pg";
import type { ClaimedEvent } from "#database/attribution/claim";
import type { UsageEvent } from "#database/record/usage-event";
import { Metrics } from "../observe/metrics.ts";
import { Attribution } from "./attribution.ts";
import { clockOffset, correctedEnd, flaggedSkewed } from "./clock-skew.ts";
import { commitGroup } from "./commit-group.ts";
import { LaneWriters } from "./lane-writers.ts";
import { orUnavailable } from "./or-unavailable.ts";
import type { Unavailable } from "./or-unavailable.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";

/** An authenticated source of telemetry: the key it came with, and what that key may do. */
export interface Producer {
  readonly keyId: string;
  /** Tenants it may speak for; null = any. */
  readonly tenants: readonly string[] | null;
  /** Instrumentation scopes whose spans count; null or absent = the default rules. */
  readonly countScopes?: readonly string[] | null;
}

export type RecordOutcome = { readonly kind: "committed" } | Unavailable;

export interface Recorder {
  readonly counters: RecordCounters;
  /**
   * Resolves once every event is committed or kept in quarantine (I2).
   *
   * @param sentAtMicros what the sender's clock showed when it sent them; null or absent = it did not say
   */
  record(events: readonly UsageEvent[], producer: Producer, sentAtMicros?: number | null): Promise<RecordOutcome>;
  /** How long the oldest request has waited to be committed; 0 = none waits. */
  commitWaitMs(): number;
  /** Waits for what has been submitted. */
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly pool: Pool;
  /** Plan of tenants first seen in a span; null = such spans go to `unattributed`. */
  readonly defaultPlan: string | null;
  readonly log: { warn(details: object, message: string): void; error(details: object, message: string): void };
  /** Where commits are counted and measured. */
  readonly metrics?: Metrics;
}

/** Rows a transaction holds at most, about: more would hold locks longer than it saves. */
const GROUP_EVENTS_MAX = 5_000;

/** An event in a lane. */
interface Submitted extends ClaimedEvent {
  readonly tenantId: string;
}

/**
 * The record stage: splits events by lane, lets requests that wait share a lane's transaction, and answers each request
 * when all its lanes have committed.
 */
export function createRecorder({ pool, defaultPlan, log, metrics = new Metrics() }: RecorderOptions): Recorder {
  const attribution = new Attribution(pool, defaultPlan);
  const counters = recordCounters();
  const lanes = new LaneWriters<Submitted>(async (group) => {
    const startMs = performance.now();
    await commitGroup(pool, group, { counters, metrics, log });
    metrics.committed("traces", group.length, performance.now() - startMs);
  }, GROUP_EVENTS_MAX);

  return {
    counters,
    async record(events, { keyId }, sentAtMicros = null) {
      const receivedAtMicros = Date.now() * 1000;
      const offsetMicros = clockOffset(sentAtMicros, receivedAtMicros);
      metrics.received("traces", receivedAtMicros, oldestEndMicros(events));
      const outcome = await orUnavailable(async (): Promise<RecordOutcome> => {
        const attributed = await attribution.attribute(events, keyId);
        await lanes.submit(
          attributed.map(({ event, claim }): Submitted => {
            const received = { tenantId: event.tenantId, event, claim, producerId: keyId, receivedAtMicros };
            const correctedEndMicros = correctedEnd(event, offsetMicros, receivedAtMicros);
            if (correctedEndMicros === null) return received;
            return { ...received, event: flaggedSkewed(event), correctedEndMicros };
          }),
        );
        return { kind: "committed" };
      }, log);
      if (outcome.kind === "unavailable") counters.unavailable += 1;
      return outcome;
    },
    commitWaitMs: () => lanes.oldestWaitMs(),
    close: () => lanes.drained(),
  };
}

function oldestEndMicros(events: readonly UsageEvent[]): number {
  return events.reduce((oldest, event) => Math.min(oldest, event.endedAtMicros), Infinity);
}
