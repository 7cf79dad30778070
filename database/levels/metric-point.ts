/**
 * How a point's value is to be read.
 *
 * - `gauge`: the whole level of the resource.
 * - `cumulative`: what one stream contributes to the level; the contributions of streams add up.
 * - `delta`: a change of the level since the stream's last point.
 * - `counter`: what a stream has used since it started; differences are usage, not a level.
 */
export type PointKind = "gauge" | "cumulative" | "delta" | "counter";

/** One data point of a metric that says how much of a resource a tenant holds or has used. Instants in microseconds. */
export interface MetricPoint {
  readonly tenantId: string;
  readonly resource: string;
  readonly kind: PointKind;
  /** Lower-case UUID: 128 bits of a hash of what makes the stream one. With both times the identity (I1). */
  readonly stream: string;
  /** When the sender began to count; 0 = it did not say. */
  readonly startedAtMicros: number;
  readonly sampledAtMicros: number;
  /** When the point counts: as it was sampled, or, for a sender whose clock runs ahead, as it was received. */
  readonly accountedAtMicros: number;
  /** A safe integer (I5). */
  readonly value: number;
}

/** The identity of a point (I1), as text that sorts like the primary key. */
export function pointIdentity(point: MetricPoint): string {
  const { tenantId, stream, startedAtMicros, sampledAtMicros } = point;
  return [tenantId, stream, digits(startedAtMicros), digits(sampledAtMicros)].join(" ");
}

/** The primary key of a level. */
export interface LevelKey {
  readonly tenantId: string;
  readonly resource: string;
}

export function levelKeyText({ tenantId, resource }: LevelKey): string {
  return `${tenantId} ${resource}`;
}

function digits(micros: number): string {
  return String(micros).padStart(16, "0");
}
