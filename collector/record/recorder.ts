import type { Pool } from "pg";
import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { GroupCommit } from "#database/lanes/group-commit";
import { laneOf } from "#database/lanes/lane-of";
import type { ReceivedEvent } from "#database/record/record-events";
import type { UsageEvent } from "#database/record/usage-event";
import { isUnavailable } from "#database/sqlstate";
import { KnownTenants } from "#database/tenants/known-tenants";
import { commitGroup } from "./commit-group.ts";
import { keepPartitionsAhead } from "./partitions.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";

/** An authenticated source of telemetry: the key it came with, and the tenants that key may speak for (null: any). */
export interface Producer {
  readonly keyId: string;
  readonly tenants: readonly string[] | null;
}

/** `unavailable`: nothing that a retry could double was lost; the sender keeps the batch and sends it again. */
export type RecordOutcome =
  { readonly kind: "committed" } | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

export interface Recorder {
  readonly counters: RecordCounters;
  /** Resolves once every event is committed or kept in quarantine (I2). */
  record(events: readonly UsageEvent[], producer: Producer): Promise<RecordOutcome>;
  /** Waits for what has been submitted. */
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly pool: Pool;
  /** Plan of tenants first seen in a span; null = such spans go to `unattributed`. */
  readonly defaultPlan: string | null;
  readonly log: { warn(details: object, message: string): void; error(details: object, message: string): void };
}

/** Rows a transaction holds at most, about: more would hold locks longer than it saves. */
const GROUP_EVENTS_MAX = 5_000;
const RETRY_AFTER_SECONDS = 2;

/**
 * The record stage: splits events by lane, lets requests that wait share a lane's transaction, and answers each request
 * when all its lanes have committed.
 */
export async function createRecorder({ pool, defaultPlan, log }: RecorderOptions): Promise<Recorder> {
  const tenants = new KnownTenants(pool, defaultPlan);
  const counters = recordCounters();
  const lanes = new Map<number, GroupCommit<readonly ReceivedEvent[], undefined>>();
  const partitions = await keepPartitionsAhead(pool, log);

  const laneWriter = (lane: number): GroupCommit<readonly ReceivedEvent[], undefined> => {
    let writer = lanes.get(lane);
    if (!writer) {
      writer = new GroupCommit({
        commit: async (group) => {
          await commitGroup(pool, group.flat(), counters, log);
          return group.map(() => undefined);
        },
        maxWeight: GROUP_EVENTS_MAX,
        weightOf: (events) => events.length,
      });
      lanes.set(lane, writer);
    }
    return writer;
  };

  const attributed = async (events: readonly UsageEvent[], keyId: string): Promise<UsageEvent[]> => {
    const named = events.map((event) => event.tenantId).filter((id) => id !== UNATTRIBUTED_TENANT);
    const known = await tenants.ensure(named, keyId);
    return events.map((event) => (known.has(event.tenantId) ? event : { ...event, tenantId: UNATTRIBUTED_TENANT }));
  };

  return {
    counters,
    async record(events, producer) {
      const receivedAtMicros = Date.now() * 1000;
      try {
        const byLane = new Map<number, ReceivedEvent[]>();
        for (const event of await attributed(events, producer.keyId)) {
          const lane = laneOf(event.tenantId);
          const received = { event, producerId: producer.keyId, receivedAtMicros };
          const list = byLane.get(lane);
          if (list) list.push(received);
          else byLane.set(lane, [received]);
        }
        // All lanes are waited for, also when one fails: the answer must not race a commit.
        const results = await Promise.allSettled([...byLane].map(([lane, list]) => laneWriter(lane).submit(list)));
        const failed = results.find((result) => result.status === "rejected");
        if (failed) throw failed.reason;
        return { kind: "committed" };
      } catch (error) {
        if (!isUnavailable(error)) log.error({ err: error }, "recording failed; the sender will retry");
        counters.unavailable += 1;
        return { kind: "unavailable", retryAfterSeconds: RETRY_AFTER_SECONDS };
      }
    },
    async close() {
      partitions.stop();
      await Promise.all([...lanes.values()].map((lane) => lane.drained()));
    },
  };
}
