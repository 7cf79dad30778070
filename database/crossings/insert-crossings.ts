import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { columnsOf } from "./read-crossings.ts";
import type { CrossingKey } from "./read-crossings.ts";

/**
 * Notes that limits were crossed at an instant. The first crossing of a period stays. Runs under the tenants' locks, so
 * nobody has noted one since the decision looked.
 */
export async function insertCrossings(client: ClientBase, keys: readonly CrossingKey[], atMs: number): Promise<void> {
  if (keys.length === 0) return;
  await query(client, {
    name: "insert-crossings",
    text: `
      insert into quotel.quota_crossings (tenant_id, resource, period, period_start, crossed_at)
      select *, $5::timestamptz from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[])
        as k (tenant_id, resource, period, period_start)
      order by 1, 2, 3, 4
      on conflict do nothing`,
    values: [...columnsOf(keys), instantOfMs(atMs)],
  });
}
