import type { ClientBase, Pool } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { readClock } from "../periods/read-clock.ts";
import { query } from "../pool.ts";
import { totalPositionOf } from "./total-position.ts";

/** One total to look up. */
export interface StandingKey {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: "day" | "month" | "lifetime";
  readonly startMs: number;
  /** Infinity for a period that never ends. */
  readonly endMs: number;
}

/** What a tenant has used and holds in one period, as one snapshot. */
export interface Standing {
  readonly used: number;
  /** Holds of reservations whose time has not run out at `readAtMs`. */
  readonly reserved: number;
}

export interface Standings {
  /** The database's clock when the snapshot was read: the instant of the decision. */
  readonly readAtMs: number;
  /** In the order of the keys. */
  readonly standings: readonly Standing[];
}

/**
 * Reads used and reserved of several totals, and the clock, in one statement and so one snapshot. `reserved` leaves out
 * holds whose time has run out (and that are not kept) although no sweep has ended them yet: both come from the same
 * snapshot, so a sweep that commits meanwhile cannot be counted twice.
 */
export async function readStandings(on: ClientBase | Pool, keys: readonly StandingKey[]): Promise<Standings> {
  if (keys.length === 0) return { readAtMs: await readClock(on), standings: [] };
  const { rows } = await query<{ used: number; reserved: number; read_ms: number }>(on, {
    name: "read-standings",
    text: `
      with instant as materialized (select clock_timestamp() as at),
      -- Materialized: looked up once for all tenants, not again for every total.
      due as materialized (
        select r.tenant_id, h.resource, r.day_start, sum(h.held)::bigint as held
        from quotel.reservations r, instant, lateral unnest(r.resources, r.held) as h (resource, held)
        where r.tenant_id = any ($5::text[]) and r.expires_at <= instant.at
          and (r.kept_until is null or r.kept_until <= instant.at)
        group by 1, 2, 3
      )
      -- A sum beyond 2^53-1 has no exact JSON number; as a decision it means the same as the largest one.
      select least(t.used, 9007199254740991)::bigint as used,
        (t.reserved - case
          -- Asked once: mostly there is none to look for at every total.
          when not (select exists (select from due)) then 0
          else coalesce((
            select sum(d.held) from due d
            where d.tenant_id = k.tenant_id and d.resource = k.resource
              and d.day_start >= k.period_start and d.day_start < k.period_end
          ), 0) end)::bigint as reserved,
        (extract(epoch from instant.at) * 1000)::bigint as read_ms
      from instant, unnest($1::text[], $2::text[], $3::text[], $4::integer[], $6::timestamptz[], $7::timestamptz[])
        with ordinality as k (tenant_id, resource, "row", element, period_start, period_end, position)
      -- A period is the sum of its days: one row for a day, at most 31 for a month.
      cross join lateral (
        select coalesce(sum(t.used[k.element]), 0) as used, coalesce(sum(t.reserved[k.element]), 0) as reserved
        from quotel.day_totals t
        where t.tenant_id = k.tenant_id and t.resource = k."row"
          and t.day_start >= k.period_start and t.day_start < k.period_end
      ) t
      order by k.position`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      textArray(keys.map((key) => totalPositionOf(key.resource).row)),
      plainArray(keys.map((key) => totalPositionOf(key.resource).position)),
      textArray([...new Set(keys.map((key) => key.tenantId))]),
      instantArray(keys.map((key) => (key.period === "lifetime" ? -Infinity : key.startMs))),
      instantArray(keys.map((key) => key.endMs)),
    ],
  });
  return {
    readAtMs: rows[0]!.read_ms,
    standings: rows.map(({ used, reserved }) => ({ used, reserved })),
  };
}
