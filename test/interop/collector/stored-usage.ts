import type { Pool } from "pg";
import { expect } from "vitest";
import { driftFromLedger } from "../../database/record/usage-oracle.ts";

/** tenant -> resource -> amount. */
export type Totals = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** A peer's own books. */
export interface Usage {
  readonly totals: Totals;
  /** Model calls and server requests, of whatever outcome: each is one row of the ledger. */
  readonly events: number;
}

/** Fails unless ledger, rollups and quota totals are exactly what the peer says. */
export async function expectStored(usage: Usage, pool: Pool): Promise<void> {
  expect(await storedEvents(pool)).toBe(usage.events);
  expect(await storedTotals(pool)).toEqual(usage.totals);
  // Rollups follow the ledger within a second or two.
  await expect.poll(() => driftFromLedger(pool), { timeout: 10_000 }).toEqual([]);
}

/** Waits for more to be in the ledger than there is now. */
export async function ledgerGrows(pool: Pool): Promise<void> {
  const before = await storedEvents(pool);
  await expect.poll(() => storedEvents(pool), { interval: 5, timeout: 30_000 }).toBeGreaterThan(before);
}

/** Waits for a peer that delivers in its own time to have delivered this many events. */
export async function ledgerHolds(events: number, pool: Pool): Promise<void> {
  await expect.poll(() => storedEvents(pool), { interval: 50, timeout: 60_000 }).toBe(events);
}

export async function storedEvents(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ events: number }>("select count(*)::int as events from quotel.usage_events");
  return rows[0]?.events ?? 0;
}

/** What every tenant has used since ever, as quotas see it. Cost is left out: it follows from prices, not from a peer. */
async function storedTotals(pool: Pool): Promise<Totals> {
  const { rows } = await pool.query<{ tenantId: string; used: Record<string, number> }>(`
    select tenant_id as "tenantId", json_object_agg(resource, used) as used
    from quotel.quota_totals
    where period = 'lifetime' and resource <> 'cost' and used <> 0
    group by tenant_id`);
  return Object.fromEntries(rows.map(({ tenantId, used }) => [tenantId, used]));
}
