import type { ClientBase } from "pg";
import { instantArray, textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import type { LevelKey, MetricPoint, PointKind } from "../metric-point.ts";

interface Row {
  tenant_id: string;
  resource: string;
  kind: PointKind;
  stream: string;
  started_micros: number;
  sampled_micros: number;
  accounted_micros: number;
  value: number;
}

/** Reads every point of some levels from an instant on. Under the levels' locks that is all there is: see lock-levels.ts. */
export async function readLevelPoints(
  client: ClientBase,
  keys: readonly (LevelKey & { readonly fromMs: number })[],
): Promise<MetricPoint[]> {
  const { rows } = await query<Row>(client, {
    name: "read-level-points",
    text: `
      select p.tenant_id, p.resource, p.kind::text as kind, p.stream::text as stream, p.value,
        (extract(epoch from p.started_at) * 1000000)::bigint as started_micros,
        (extract(epoch from p.sampled_at) * 1000000)::bigint as sampled_micros,
        (extract(epoch from p.accounted_at) * 1000000)::bigint as accounted_micros
      from unnest($1::text[], $2::text[], $3::timestamptz[]) as k (tenant_id, resource, from_instant)
      join quotel.metric_points p
        on p.tenant_id = k.tenant_id and p.resource = k.resource and p.accounted_at >= k.from_instant
        and p.kind <> 'counter'`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      instantArray(keys.map((key) => key.fromMs)),
    ],
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    resource: row.resource,
    kind: row.kind,
    stream: row.stream,
    startedAtMicros: row.started_micros,
    sampledAtMicros: row.sampled_micros,
    accountedAtMicros: row.accounted_micros,
    value: row.value,
  }));
}
