import type { Pool } from "pg";
import type { MetricPoint } from "#database/levels/metric-point";
import { recordPoints } from "#database/levels/record-points";
import type { ReceivedPoint } from "#database/levels/record-points";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import type { SetAsideReason } from "#database/quarantine/quarantine-item";
import { setAsidePoint } from "#database/quarantine/set-aside";
import { NUMERIC_OUT_OF_RANGE, errorCode } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { Metrics } from "../observe/metrics.ts";
import { Reasons } from "../reasons.ts";
import { Attribution } from "./attribution.ts";
import { commitByHalves } from "./commit-by-halves.ts";
import { beyondHorizon } from "./horizon.ts";
import { LaneWriters } from "./lane-writers.ts";
import { orUnavailable } from "./or-unavailable.ts";
import type { Unavailable } from "./or-unavailable.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";
import type { Producer, RecorderOptions } from "./recorder.ts";

export type LevelOutcome = { readonly kind: "committed"; readonly refused: Reasons } | Unavailable;

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

interface Refused {
  readonly item: Submitted;
  readonly reason: SetAsideReason;
}

/** A level's points lock it until their transaction commits; smaller groups than the ledger's keep that short. */
const GROUP_POINTS_MAX = 2_000;

/**
 * The record stage of metrics: points outside the horizon, of nobody, or of levels beyond their tenant's cap are kept in
 * quarantine, the rest goes by lane through the record transaction of points.
 */
export function createLevelRecorder({
  pool,
  defaultPlan,
  log,
  metrics = new Metrics(),
}: RecorderOptions): LevelRecorder {
  const attribution = new Attribution(pool, defaultPlan);
  const counters = recordCounters();
  const refuse = async (aside: readonly Refused[]): Promise<void> => {
    await keepAside(pool, aside);
    counters.quarantined += aside.length;
    for (const { item, reason } of aside) item.refused.add(reason);
  };
  const lanes = new LaneWriters<Submitted>(async (group) => {
    const startMs = performance.now();
    await commitByHalves(
      pool,
      group,
      (part) => commitPoints(pool, part, counters),
      (item, error) => {
        log.warn({ err: error, tenantId: item.tenantId, resource: item.point.resource }, "a point cannot be stored");
        return refuse([{ item, reason: errorCode(error) === NUMERIC_OUT_OF_RANGE ? "out_of_range" : "unstorable" }]);
      },
    );
    metrics.committed("metrics", group.length, performance.now() - startMs);
  }, GROUP_POINTS_MAX);

  return {
    counters,
    async record(points, { keyId: producerId }) {
      const refused = new Reasons();
      const receivedAtMicros = Date.now() * 1000;
      metrics.received(
        "metrics",
        receivedAtMicros,
        points.reduce((oldest, point) => Math.min(oldest, point.sampledAtMicros), Infinity),
      );
      const outcome = await orUnavailable(async (): Promise<LevelOutcome> => {
        const attributed = await attribution.attributePoints(points, producerId);
        const submitted: Submitted[] = [];
        const aside: Refused[] = [];
        for (const [index, sent] of points.entries()) {
          const attributedPoint = attributed[index]!;
          const { point, isBeyondCap } =
            attributedPoint.kind === "owned" ? attributedPoint : { point: sent, isBeyondCap: false };
          const item = { point, isBeyondCap, producerId, receivedAtMicros, tenantId: point.tenantId, refused };
          const reason =
            attributedPoint.kind === "aside"
              ? attributedPoint.reason
              : beyondHorizon(sent.sampledAtMicros, receivedAtMicros);
          if (reason === null) submitted.push(item);
          else aside.push({ item, reason });
        }
        await lanes.submit(submitted);
        await refuse(aside);
        return { kind: "committed", refused };
      }, log);
      if (outcome.kind === "unavailable") counters.unavailable += 1;
      return outcome;
    },
    commitWaitMs: () => lanes.oldestWaitMs(),
    close: () => lanes.drained(),
  };
}

async function commitPoints(pool: Pool, part: readonly Submitted[], counters: RecordCounters): Promise<void> {
  const counts = await inTransaction(pool, (client) => recordPoints(client, part));
  // Not in the transaction: should this fail, the points come again and contradict again.
  const contradicting = new Set(counts.conflicting);
  const conflicts = part.filter(({ point }) => contradicting.has(point));
  await keepAside(
    pool,
    conflicts.map((item) => ({ item, reason: "conflict" })),
  );
  counters.accepted += counts.accepted;
  counters.duplicate += counts.duplicate;
  counters.conflicting += counts.conflicting.length;
}

async function keepAside(pool: Pool, aside: readonly Refused[]): Promise<void> {
  await insertQuarantine(
    pool,
    aside.map(({ item: { point, producerId }, reason }) => setAsidePoint(point, producerId, reason)),
  );
}
