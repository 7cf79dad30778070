import type { ClientBase, Pool } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/**
 * How many events of each tenant and period have no price, in the order of the keys: what was used of `cost` is then not
 * known in full (I6). From the rollups, so that what is not folded yet counts too.
 */
export async function readUnpriced(
  on: ClientBase | Pool,
  keys: readonly { readonly tenantId: string; readonly startMs: number; readonly endMs: number }[],
): Promise<number[]> {
  if (keys.length === 0) return [];
  const { rows } = await query<{ unpriced: number }>(on, {
    name: "read-unpriced",
    text: `
      select (
        select coalesce(sum(r.unpriced_events), 0)::bigint from quotel.usage_rollups r
        where r.tenant_id = k.tenant_id and r.granularity = 'day'
          and r.bucket_start >= k.period_start and r.bucket_start < k.period_end) as unpriced
      from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) with ordinality
        as k (tenant_id, period_start, period_end, position)
      order by k.position`,
    values: [
      textArray(keys.map((key) => key.tenantId)),
      instantArray(keys.map((key) => key.startMs)),
      instantArray(keys.map((key) => key.endMs)),
    ],
  });
  return rows.map(({ unpriced }) => unpriced);
}
