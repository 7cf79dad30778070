import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import { pointIdentity } from "../metric-point.ts";
import type { MetricPoint } from "../metric-point.ts";

/**
 * Remembers points and returns those that were not known yet. The primary key decides, in the transaction that also
 * writes the effects, so a point has its effect once however often and wherever it is delivered (I1, I2). `points` must
 * be distinct by identity and sorted by it: two writers that meet the same points then wait for one another in one order.
 */
export async function insertPoints(client: ClientBase, points: readonly MetricPoint[]): Promise<MetricPoint[]> {
  const { rows } = await query<{ position: number }>(client, {
    name: "insert-metric-points",
    text: `
      with input as materialized (
        select * from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[],
          $6::text[], $7::quotel.point_kind[], $8::bigint[])
          with ordinality as i (tenant_id, stream, started_at, sampled_at, accounted_at, resource, kind, value, position)
      ), inserted as (
        insert into quotel.metric_points (
          tenant_id, stream, started_at, sampled_at, accounted_at, resource, kind, value)
        select tenant_id, stream, started_at, sampled_at, accounted_at, resource, kind, value
        from input order by position
        on conflict (tenant_id, stream, started_at, sampled_at) do nothing
        returning tenant_id, stream, started_at, sampled_at
      )
      select position::integer as position from input join inserted using (tenant_id, stream, started_at, sampled_at)
      order by position`,
    values: [
      textArray(points.map((point) => point.tenantId)),
      plainArray(points.map((point) => point.stream)),
      plainArray(points.map((point) => instantOfMicros(point.startedAtMicros))),
      plainArray(points.map((point) => instantOfMicros(point.sampledAtMicros))),
      plainArray(points.map((point) => instantOfMicros(point.accountedAtMicros))),
      textArray(points.map((point) => point.resource)),
      plainArray(points.map((point) => point.kind)),
      plainArray(points.map((point) => point.value)),
    ],
  });
  return rows.map((row) => points[row.position - 1]!);
}

/** One point per identity, in identity order; `contradictory` repeats another one with another value. */
export function distinctPoints(all: readonly MetricPoint[]): {
  readonly points: MetricPoint[];
  readonly contradictory: MetricPoint[];
} {
  const byIdentity = new Map<string, MetricPoint>();
  const contradictory: MetricPoint[] = [];
  for (const point of all) {
    const identity = pointIdentity(point);
    const first = byIdentity.get(identity);
    if (first === undefined) byIdentity.set(identity, point);
    else if (first.value !== point.value) contradictory.push(point);
  }
  const sorted = [...byIdentity].sort(([a], [b]) => (a < b ? -1 : 1));
  return { points: sorted.map(([, point]) => point), contradictory };
}
