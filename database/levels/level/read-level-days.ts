import type { ClientBase } from "pg";
import { instantArray, textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import type { LevelKey } from "../metric-point.ts";
import type { LevelDay, LevelState } from "./fold-level.ts";

interface Row {
  tenant_id: string;
  resource: string;
  day_start_ms: number;
  month_start_ms: number;
  value: number;
  as_of_micros: number;
  high_water: number;
  state: LevelState;
}

/** Reads, of each locked level, the last day that starts before an instant; levels without one are left out. */
export async function readLevelDays(
  client: ClientBase,
  keys: readonly (LevelKey & { readonly beforeMs: number })[],
): Promise<(LevelKey & { readonly day: LevelDay })[]> {
  const { rows } = await query<Row>(client, {
    name: "read-level-days",
    text: `
      select k.tenant_id, k.resource, d.value, d.high_water, d.state,
        (extract(epoch from d.day_start) * 1000)::bigint as day_start_ms,
        (extract(epoch from d.month_start) * 1000)::bigint as month_start_ms,
        (extract(epoch from d.as_of) * 1000000)::bigint as as_of_micros
      from unnest($1::text[], $2::text[], $3::timestamptz[]) as k (tenant_id, resource, before)
      cross join lateral (
        select * from quotel.level_days l
        where l.tenant_id = k.tenant_id and l.resource = k.resource and l.day_start < k.before
        order by l.day_start desc limit 1
      ) d`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      textArray(keys.map((key) => key.resource)),
      instantArray(keys.map((key) => key.beforeMs)),
    ],
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    resource: row.resource,
    day: {
      dayStartMs: row.day_start_ms,
      monthStartMs: row.month_start_ms,
      value: row.value,
      asOfMicros: row.as_of_micros,
      highWater: row.high_water,
      state: row.state,
    },
  }));
}
