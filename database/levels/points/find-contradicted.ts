import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import type { MetricPoint } from "../metric-point.ts";

/** Those of these points, all known already, that are known with another value. Known ones never change, so no locks. */
export async function findContradicted(
  client: ClientBase,
  repeated: readonly MetricPoint[],
): Promise<readonly MetricPoint[]> {
  if (repeated.length === 0) return [];
  const { rows } = await query<{ position: number }>(client, {
    name: "find-contradicted-points",
    text: `
      select i.position::integer as position
      from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::bigint[])
        with ordinality as i (tenant_id, stream, started_at, sampled_at, value, position)
      join quotel.metric_points p using (tenant_id, stream, started_at, sampled_at)
      where p.value <> i.value
      order by i.position`,
    values: [
      textArray(repeated.map((point) => point.tenantId)),
      plainArray(repeated.map((point) => point.stream)),
      plainArray(repeated.map((point) => instantOfMicros(point.startedAtMicros))),
      plainArray(repeated.map((point) => instantOfMicros(point.sampledAtMicros))),
      plainArray(repeated.map((point) => point.value)),
    ],
  });
  return rows.map((row) => repeated[row.position - 1]!);
}
