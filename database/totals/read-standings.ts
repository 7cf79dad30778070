import type { ClientBase, Pool } from "pg";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { readClock } from "../periods/read-clock.ts";
import { query } from "../pool.ts";

/** One total to look up. */
export interface StandingKey {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: "day" | "month" | "lifetime";
  readonly startMs: number;
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
 * holds whose time has run out although no sweep has ended them yet: both come from the same snapshot, so a sweep that
 * commits meanwhile cannot be counted twice.
 */
export async function readStandings(on: ClientBase | Pool, keys: readonly StandingKey[]): Promise<Standings> {
  if (keys.length === 0) return { readAtMs: await readClock(on), standings: [] };
  const { rows } = await query<{ used: number; reserved: number; read_ms: number }>(on, {
    name: "read-standings",
    text: `
      with instant as materialized (select clock_timestamp() as at),
      -- Materialized: looked up once for all tenants, not again for every total.
      due as materialized (
        select r.tenant_id, h.resource, r.day_start, r.month_start, sum(h.held)::bigint as held
        from quotel.reservations r, instant, lateral unnest(r.resources, r.held) as h (resource, held)
        where r.tenant_id = any ($5::text[]) and r.expires_at <= instant.at
        group by 1, 2, 3, 4
      )
      -- A sum beyond 2^53-1 has no exact JSON number; as a decision it means the same as the largest one.
      select least(coalesce(t.used, 0), 9007199254740991) as used,
        coalesce(t.reserved, 0) - coalesce((
          select sum(d.held)::bigint from due d
          where d.tenant_id = k.tenant_id and d.resource = k.resource
            and (k.period = 'lifetime' or (k.period = 'day' and d.day_start = k.period_start)
              or (k.period = 'month' and d.month_start = k.period_start))
        ), 0) as reserved,
        (extract(epoch from instant.at) * 1000)::bigint as read_ms
      from instant, unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        with ordinality as k (tenant_id, resource, period, period_start, position)
      left join quotel.quota_totals t on (t.tenant_id, t.resource, t.period, t.period_start)
        = (k.tenant_id, k.resource, k.period, k.period_start)
      order by k.position`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      plainArray(keys.map((key) => key.period)),
      instantArray(keys.map((key) => key.startMs)),
      textArray([...new Set(keys.map((key) => key.tenantId))]),
    ],
  });
  return {
    readAtMs: rows[0]!.read_ms,
    standings: rows.map(({ used, reserved }) => ({ used, reserved })),
  };
}
