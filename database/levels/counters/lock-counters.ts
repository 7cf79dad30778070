import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import type { MetricPoint } from "../metric-point.ts";

/**
 * Locks the counters of some points until the transaction ends, in primary-key order; new ones get a row first. Whoever
 * holds the lock sees, in a later statement, every point of the counter that anyone has taken a difference from, also
 * while its tenant was not registered: a stream is one whoever it counts for.
 */
export async function lockCounters(client: ClientBase, points: readonly MetricPoint[]): Promise<void> {
  const streams = [...new Map(points.map((point) => [`${point.tenantId} ${point.stream}`, point])).values()];
  const values = [textArray(streams.map((point) => point.tenantId)), plainArray(streams.map((point) => point.stream))];
  await query(client, {
    name: "insert-counters",
    text: `
      insert into quotel.counters (tenant_id, stream, resource)
      select * from unnest($1::text[], $2::uuid[], $3::text[]) as k (tenant_id, stream, resource)
      order by tenant_id, stream
      on conflict (tenant_id, stream) do nothing`,
    values: [...values, textArray(streams.map((point) => point.resource))],
  });
  await query(client, {
    name: "lock-counters",
    text: `
      select from quotel.counters
      where (tenant_id, stream) in (
        select * from unnest($1::text[], $2::uuid[])
        union all select '${UNATTRIBUTED_TENANT}', stream from unnest($2::uuid[]) as k (stream))
      order by tenant_id, stream
      for no key update`,
    values,
  });
}
