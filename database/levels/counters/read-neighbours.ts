import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";

/** A stretch of one counter and one start of it, in microseconds. */
export interface Stretch {
  readonly tenantId: string;
  readonly stream: string;
  readonly startedAtMicros: number;
  readonly firstMicros: number;
  readonly lastMicros: number;
}

/** A point in or next to the stretch at `index`. */
export interface Neighbour {
  readonly index: number;
  /** False: it was counted as `unattributed`, while the tenant was not registered. */
  readonly isOwn: boolean;
  readonly sampledAtMicros: number;
  readonly value: number;
}

/**
 * Reads the points of each stretch, the one before it and the one after it, ascending; and the same of what the counter
 * showed while its tenant was not registered, which is counted already, if for nobody (I6). Needs the counters' locks:
 * without them another transaction's points would be missing, and their difference be counted twice.
 */
export async function readNeighbours(client: ClientBase, stretches: readonly Stretch[]): Promise<Neighbour[]> {
  const { rows } = await query<{ index: number; is_own: boolean; sampled_micros: number; value: number }>(client, {
    name: "read-counter-neighbours",
    text: `
      select (k.position - 1)::integer as index, p.value, owner.is_own,
        (extract(epoch from p.sampled_at) * 1000000)::bigint as sampled_micros
      from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        with ordinality as k (tenant_id, stream, started_at, first, last, position)
      cross join lateral (
        values (k.tenant_id, true), (nullif('${UNATTRIBUTED_TENANT}', k.tenant_id), false)
      ) owner (tenant_id, is_own)
      cross join lateral (
        select m.sampled_at, m.value from quotel.metric_points m
        where m.tenant_id = owner.tenant_id and m.stream = k.stream and m.started_at = k.started_at
          and m.sampled_at between
            coalesce((select max(b.sampled_at) from quotel.metric_points b
              where b.tenant_id = owner.tenant_id and b.stream = k.stream and b.started_at = k.started_at
                and b.sampled_at < k.first), k.first)
            and coalesce((select min(a.sampled_at) from quotel.metric_points a
              where a.tenant_id = owner.tenant_id and a.stream = k.stream and a.started_at = k.started_at
                and a.sampled_at > k.last), k.last)
      ) p
      -- Of the same instant first what is counted already.
      order by k.position, p.sampled_at, owner.is_own`,
    values: [
      textArray(stretches.map((stretch) => stretch.tenantId)),
      plainArray(stretches.map((stretch) => stretch.stream)),
      plainArray(stretches.map((stretch) => instantOfMicros(stretch.startedAtMicros))),
      plainArray(stretches.map((stretch) => instantOfMicros(stretch.firstMicros))),
      plainArray(stretches.map((stretch) => instantOfMicros(stretch.lastMicros))),
    ],
  });
  return rows.map((row) => ({
    index: row.index,
    isOwn: row.is_own,
    sampledAtMicros: row.sampled_micros,
    value: row.value,
  }));
}
