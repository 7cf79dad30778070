import type { Pool } from "pg";
import type { MetricPoint } from "#database/levels/metric-point";
import { recordPoints } from "#database/levels/record-points";
import type { ReceivedPoint } from "#database/levels/record-points";
import { NUMERIC_OUT_OF_RANGE, errorCode, isUnavailable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { Reasons } from "../reasons.ts";
import { Attribution } from "./attribution.ts";
import { commitByHalves } from "./commit-by-halves.ts";
import { beyondHorizon } from "./horizon.ts";
import { LaneFull, LaneWriters } from "./lane-writers.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";
import type { Producer, RecorderOptions } from "./recorder.ts";

/** `unavailable`: nothing that a retry could double was lost; the sender keeps the batch and sends it again. */
export type LevelOutcome =
  | { readonly kind: "committed"; readonly refused: Reasons }
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

export interface LevelRecorder {
  readonly counters: RecordCounters;
  /** Resolves once every point is committed or refused for good (I2). */
  record(points: readonly MetricPoint[], producer: Producer): Promise<LevelOutcome>;
  /** How long the oldest request has waited to be committed; 0 = none waits. */
  commitWaitMs(): number;
  /** Waits for what has been submitted. */
  close(): Promise<void>;
}

/** A point in a lane, and where to say that it was refused. */
interface Submitted extends ReceivedPoint {
  readonly tenantId: string;
  readonly refused: Reasons;
}

/** A level's points lock it until their transaction commits; smaller groups than the ledger's keep that short. */
const GROUP_POINTS_MAX = 2_000;
const RETRY_AFTER_SECONDS = 2;

/**
 * The record stage of metrics: points outside the horizon or of nobody are refused, the rest goes by lane through the
 * record transaction of points.
 */
export function createLevelRecorder({ pool, defaultPlan, log }: RecorderOptions): LevelRecorder {
  const attribution = new Attribution(pool, defaultPlan);
  const counters = recordCounters();
  const refuse = (item: Submitted, reason: string): void => {
    counters.quarantined += 1;
    item.refused.add(reason);
  };
  const lanes = new LaneWriters<Submitted>(
    (group) =>
      commitByHalves(
        pool,
        group,
        (part) => commitPoints(pool, part, counters),
        (item, error) => {
          log.warn({ err: error, tenantId: item.tenantId, resource: item.point.resource }, "a point cannot be stored");
          refuse(item, errorCode(error) === NUMERIC_OUT_OF_RANGE ? "out_of_range" : "unstorable");
        },
      ),
    GROUP_POINTS_MAX,
  );

  return {
    counters,
    async record(points, producer) {
      const refused = new Reasons();
      const receivedAtMicros = Date.now() * 1000;
      try {
        const attributed = await attribution.attributePoints(points, producer.keyId);
        const submitted: Submitted[] = [];
        for (const [index, sent] of points.entries()) {
          const { point, isBeyondCap } = attributed[index]!;
          const received = { point: point ?? sent, producerId: producer.keyId, receivedAtMicros, isBeyondCap };
          const item = { ...received, tenantId: received.point.tenantId, refused };
          const reason = point === null ? "unknown_tenant" : beyondHorizon(sent.sampledAtMicros, receivedAtMicros);
          if (reason === null) submitted.push(item);
          else refuse(item, reason);
        }
        await lanes.submit(submitted);
        return { kind: "committed", refused };
      } catch (error) {
        if (!isUnavailable(error) && !(error instanceof LaneFull)) {
          log.error({ err: error }, "recording failed; the sender will retry");
        }
        counters.unavailable += 1;
        return { kind: "unavailable", retryAfterSeconds: RETRY_AFTER_SECONDS };
      }
    },
    commitWaitMs: () => lanes.oldestWaitMs(),
    close: () => lanes.drained(),
  };
}

async function commitPoints(pool: Pool, part: readonly Submitted[], counters: RecordCounters): Promise<void> {
  const counts = await inTransaction(pool, (client) => recordPoints(client, part));
  counters.accepted += counts.accepted;
  counters.duplicate += counts.duplicate;
  counters.conflicting += counts.conflicting;
}
