import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import type { MetricPoint } from "../metric-point.ts";

/** How many of these points, all known already, are known with another value. Known points never change, so no locks. */
export async function countContradicted(client: ClientBase, repeated: readonly MetricPoint[]): Promise<number> {
  if (repeated.length === 0) return 0;
  const { rows } = await query<{ contradicted: number }>(client, {
    name: "count-contradicted-points",
    text: `
      select count(*)::integer as contradicted
      from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::bigint[])
        as i (tenant_id, stream, started_at, sampled_at, value)
      join quotel.metric_points p using (tenant_id, stream, started_at, sampled_at)
      where p.value <> i.value`,
    values: [
      textArray(repeated.map((point) => point.tenantId)),
      plainArray(repeated.map((point) => point.stream)),
      plainArray(repeated.map((point) => instantOfMicros(point.startedAtMicros))),
      plainArray(repeated.map((point) => instantOfMicros(point.sampledAtMicros))),
      plainArray(repeated.map((point) => point.value)),
    ],
  });
  return rows[0]!.contradicted;
}
