import type { ClientBase, Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { totalPositionOf } from "../totals/total-position.ts";

/** The current level of a resource, and what reservations hold beside it. */
export interface LevelStanding {
  readonly level: number;
  readonly reserved: number;
}

/**
 * Current levels with the holds on them, in the order of the keys. A hold ends with the first sample that was taken after
 * its close, because the sample shows what the work left behind; and, as everywhere, when its time has run out, whether
 * or not a sweep has ended it. The sum of all holds comes from the totals, and only those that have ended are looked up
 * one by one, so the answer does not take longer the more reservations are open.
 */
export async function readLevelStandings(
  on: ClientBase | Pool,
  keys: readonly { readonly tenantId: string; readonly resource: string }[],
): Promise<LevelStanding[]> {
  if (keys.length === 0) return [];
  const { rows } = await query<{ level: number; reserved: number }>(on, {
    name: "read-level-standings",
    text: `
      with instant as materialized (select clock_timestamp() as at)
      select
        least(greatest(coalesce(l.value, 0), 0), 9007199254740991)::bigint as level,
        (
          coalesce((
            select sum(t.reserved[k.element]) from quotel.day_totals t
            where t.tenant_id = k.tenant_id and t.resource = k."row"
          ), 0) - coalesce((
            select sum(h.held) from quotel.reservations r, unnest(r.resources, r.held) as h (resource, held)
            where r.tenant_id = k.tenant_id and h.resource = k.resource and r.expires_at <= instant.at
              and (r.kept_until is null or r.kept_until <= instant.at)
          ), 0) - coalesce((
            select sum(h.held) from quotel.reservations r, unnest(r.resources, r.held) as h (resource, held)
            where r.tenant_id = k.tenant_id and h.resource = k.resource and r.state = 'closed'
              and r.closed_at < l.as_of and r.expires_at > instant.at
          ), 0)
        )::bigint as reserved
      from instant cross join unnest($1::text[], $2::text[], $3::text[], $4::integer[]) with ordinality
        as k (tenant_id, resource, "row", element, position)
      left join quotel.levels l on l.tenant_id = k.tenant_id and l.resource = k.resource
      order by k.position`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      textArray(keys.map((key) => totalPositionOf(key.resource).row)),
      plainArray(keys.map((key) => totalPositionOf(key.resource).position)),
    ],
  });
  return rows;
}
