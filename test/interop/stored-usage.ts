import type { Pool } from "pg";

/** tenant -> resource -> amount. */
export type Totals = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** What every tenant has used since ever, as quotas see it. Cost is left out: it follows from prices, not from a peer. */
export async function storedTotals(pool: Pool): Promise<Totals> {
  const { rows } = await pool.query<{ tenantId: string; used: Record<string, number> }>(`
    select tenant_id as "tenantId", json_object_agg(resource, used) as used
    from quotel.quota_totals
    where period = 'lifetime' and resource <> 'cost' and used <> 0
    group by tenant_id`);
  return Object.fromEntries(rows.map(({ tenantId, used }) => [tenantId, used]));
}

export async function storedEvents(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ events: number }>("select count(*)::int as events from quotel.usage_events");
  return rows[0]?.events ?? 0;
}
