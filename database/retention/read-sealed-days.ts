import type { Pool } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import type { TenantDay } from "../periods/tenant-day.ts";
import { query } from "../pool.ts";

/**
 * Of these days, those on which events count that the ledger does not have any more: nobody can tell whether an event is
 * one of them, so none may be added (I3, I4).
 */
export async function readSealedDays(pool: Pool, days: readonly TenantDay[]): Promise<TenantDay[]> {
  const { rows } = await query<TenantDay>(pool, {
    name: "read-sealed-days",
    text: `
      select d.tenant_id as "tenantId", (extract(epoch from d.day_start) * 1000)::bigint as "dayStartMs"
      from unnest($1::text[], $2::timestamptz[]) as d (tenant_id, day_start)
      where (
        select coalesce(sum(r.events), 0) from quotel.usage_rollups r
        where r.tenant_id = d.tenant_id and r.granularity = 'day' and r.bucket_start = d.day_start
      ) > (
        select count(*) from quotel.usage_events e
        where e.tenant_id = d.tenant_id and e.day_start = d.day_start and e.moved_to is null
      )`,
    values: [textArray(days.map((day) => day.tenantId)), instantArray(days.map((day) => day.dayStartMs))],
  });
  return rows;
}
