import { HORIZON_DAYS } from "@quotel/conventions";
import type { Pool } from "pg";
import { textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/**
 * Notes names that events claim while no such tenant exists. Names that nobody has claimed for longer than events are
 * accepted are forgotten here: what they claimed can no longer be sent again.
 */
export async function noteUnknownTenants(pool: Pool, names: readonly string[]): Promise<void> {
  await query(pool, {
    name: "note-unknown-tenants",
    text: `
      insert into quotel.unknown_tenants as u (tenant_id, last_day)
      select name, (now() at time zone 'UTC')::date from unnest($1::text[]) as claimed (name)
      order by name
      on conflict (tenant_id) do update set last_day = excluded.last_day where u.last_day < excluded.last_day`,
    values: [textArray(names)],
  });
  await query(pool, {
    name: "forget-unknown-tenants",
    text: `
      delete from quotel.unknown_tenants where tenant_id in (
        select tenant_id from quotel.unknown_tenants
        where last_day < (now() at time zone 'UTC')::date - $1::integer
        limit 1000)`,
    values: [HORIZON_DAYS + 2],
  });
}
