import type { ClientBase } from "pg";
import { closeCounted, tenantsThatWait } from "../quarantine/close-counted.ts";
import { pointItemId } from "../quarantine/set-aside.ts";
import { recordEvents } from "../record/record-events.ts";
import { asOther } from "../resources/resource-names.ts";
import { readCalendars } from "../tenants/read-calendars.ts";
import { takeDifferences } from "./counters/take-differences.ts";
import { usageOfPoint } from "./counters/usage-of-point.ts";
import { recordSamples } from "./level/record-samples.ts";
import type { MetricPoint } from "./metric-point.ts";
import { findContradicted } from "./points/find-contradicted.ts";
import { distinctPoints, insertPoints } from "./points/insert-points.ts";

/** A point with who sent it and when it came. */
export interface ReceivedPoint {
  readonly point: MetricPoint;
  readonly producerId: string;
  readonly receivedAtMicros: number;
  /** Set where the usage of a counter is of a resource beyond its tenant's cap: it counts as `__other__`. */
  readonly isBeyondCap?: boolean;
}

export interface PointCounts {
  readonly accepted: number;
  readonly duplicate: number;
  /** Points whose identity is known with another value: the first stays (I1). */
  readonly conflicting: readonly MetricPoint[];
}

/**
 * The record transaction of metrics (I2): points, the levels they state, and the usage that counters have gained, each
 * only for points that were not known yet (I1). Runs inside the caller's transaction; nothing is visible, or
 * acknowledged, before it commits. Of points that contradict each other the first stays.
 * Lock order: points, levels, counters, then that of recordEvents.
 */
export async function recordPoints(client: ClientBase, received: readonly ReceivedPoint[]): Promise<PointCounts> {
  const { points, contradictory } = distinctPoints(received.map(({ point }) => point));
  const fresh = await insertPoints(client, points);
  const isFresh = new Set(fresh);
  const contradicted = await findContradicted(
    client,
    points.filter((point) => !isFresh.has(point)),
  );
  const calendars = await readCalendars(client, [...new Set(fresh.map((point) => point.tenantId))]);
  await recordSamples(
    client,
    fresh.filter(({ kind }) => kind !== "counter"),
    calendars,
  );
  await recordUsage(
    client,
    fresh.filter(({ kind }) => kind === "counter"),
    received,
  );
  const waiting = await tenantsThatWait(client, new Set(fresh.map((point) => point.tenantId)));
  await closeCounted(client, fresh, waiting, { tenantOf: (point) => point.tenantId, idOf: pointItemId });
  const conflicting = [...contradictory, ...contradicted];
  return { accepted: fresh.length, duplicate: received.length - fresh.length - conflicting.length, conflicting };
}

async function recordUsage(
  client: ClientBase,
  fresh: readonly MetricPoint[],
  received: readonly ReceivedPoint[],
): Promise<void> {
  const increases = await takeDifferences(client, fresh);
  if (increases.length === 0) return;
  const from = new Map(received.map((item) => [item.point, item]));
  await recordEvents(
    client,
    increases.map(({ point, amount }) => {
      const { producerId, receivedAtMicros, isBeyondCap } = from.get(point)!;
      const event = usageOfPoint(point, amount);
      return { event: isBeyondCap ? asOther(event) : event, producerId, receivedAtMicros };
    }),
  );
}
