import type { ClientBase } from "pg";
import { instantArray, plainArray, textArray } from "../../array-text.ts";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import type { LevelKey } from "../metric-point.ts";
import type { LevelDay } from "./fold-level.ts";

/**
 * Writes days of levels as they are now, one row per level and day. The only statement that writes them; its caller
 * holds the levels' locks, so nothing it overwrites is newer than what it was made from.
 */
export async function writeLevelDays(
  client: ClientBase,
  days: readonly (LevelKey & { readonly day: LevelDay })[],
): Promise<void> {
  await query(client, {
    name: "write-level-days",
    text: `
      insert into quotel.level_days (tenant_id, resource, day_start, month_start, value, as_of, high_water, state)
      select * from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::bigint[],
        $6::timestamptz[], $7::bigint[], $8::jsonb[])
      on conflict (tenant_id, resource, day_start) do update set
        month_start = excluded.month_start, value = excluded.value, as_of = excluded.as_of,
        high_water = excluded.high_water, state = excluded.state`,
    values: [
      textArray(days.map(({ tenantId }) => tenantId)),
      textArray(days.map(({ resource }) => resource)),
      instantArray(days.map(({ day }) => day.dayStartMs)),
      instantArray(days.map(({ day }) => day.monthStartMs)),
      plainArray(days.map(({ day }) => day.value)),
      plainArray(days.map(({ day }) => instantOfMicros(day.asOfMicros))),
      plainArray(days.map(({ day }) => day.highWater)),
      textArray(days.map(({ day }) => JSON.stringify(day.state))),
    ],
  });
}
