import type { ClientBase, Pool } from "pg";
import { textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/** The earliest expiry of a hold that is still running, by tenant: a hint for when to ask again. No lock. */
export async function readFirstExpiries(
  on: ClientBase | Pool,
  tenantIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (tenantIds.length === 0) return new Map();
  const { rows } = await query<{ tenant_id: string; first_ms: number | null }>(on, {
    name: "read-first-expiries",
    text: `
      select t.tenant_id, (
        select (extract(epoch from min(r.expires_at)) * 1000)::bigint from quotel.reservations r
        where r.tenant_id = t.tenant_id and r.expires_at > now()) as first_ms
      from unnest($1::text[]) as t (tenant_id)`,
    values: [textArray(tenantIds)],
  });
  return new Map(rows.flatMap((row) => (row.first_ms === null ? [] : [[row.tenant_id, row.first_ms] as const])));
}
