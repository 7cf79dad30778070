import type { ClientBase } from "pg";
import { instantOfMs } from "../../periods/instant.ts";
import { accountingPeriods } from "../../periods/period.ts";
import { query } from "../../pool.ts";
import { readCalendars } from "../../tenants/read-calendars.ts";
import { TotalDeltas, addToTotals } from "../../totals/add-to-totals.ts";
import type { RebuildScope } from "./scope.ts";

/** A total that is not what the ledger says was used. */
export interface TotalDrift {
  readonly tenantId: string;
  readonly resource: string;
  readonly dayStartMs: number;
  /** Ledger less total. */
  readonly difference: number;
}

/**
 * Compares what the totals of some days say was used with the ledger. One statement and so one snapshot: an event and its
 * totals commit together (I2), so a snapshot has both or neither, and ingest that goes on adds the same to both sides.
 * Their difference is therefore the same at every commit, until somebody repairs it; no lock is needed to measure it.
 *
 * What is not folded may be on any day: the days to search are widened by them in the same snapshot.
 */
export async function findTotalDrift(client: ClientBase, scope: RebuildScope): Promise<TotalDrift[]> {
  const { rows } = await query<{ tenant_id: string; resource: string; day_start_ms: number; difference: number }>(
    client,
    {
      name: "find-total-drift",
      text: `
      with ledger as (
        select a.tenant_id, a.resource, a.day_start, sum(a.amount) as amount
        from quotel.usage_amounts a
        where a.event_day >= (select least($3::date, min(first_day)) from quotel.unfolded_batches)
          and a.event_day <= (select greatest($4::date, max(last_day)) from quotel.unfolded_batches)
          and a.day_start >= $1::timestamptz and a.day_start < $2::timestamptz
          and ($5::text is null or a.tenant_id = $5)
        group by 1, 2, 3
      ), totals as (
        select tenant_id, resource, period_start as day_start, used
        from quotel.quota_totals
        where period = 'day' and period_start >= $1::timestamptz and period_start < $2::timestamptz
          and ($5::text is null or tenant_id = $5)
      )
      select tenant_id, resource, (extract(epoch from day_start) * 1000)::bigint as day_start_ms,
        (coalesce(l.amount, 0) - coalesce(t.used, 0))::bigint as difference
      from ledger l full join totals t using (tenant_id, resource, day_start)
      where coalesce(l.amount, 0) <> coalesce(t.used, 0)
      order by 1, 2, 3`,
      values: [instantOfMs(scope.fromMs), instantOfMs(scope.toMs), scope.firstDay, scope.lastDay, scope.tenantId],
    },
  );
  return rows.map(({ tenant_id, resource, day_start_ms, difference }) => ({
    tenantId: tenant_id,
    resource,
    dayStartMs: day_start_ms,
    difference,
  }));
}

/**
 * Adds the differences to the totals. Added, never set, like any writer's amounts: whatever ingest has added since they
 * were measured stays. Under the rollups' lock, which every repair takes before it measures, so that no difference is
 * added twice.
 */
export async function correctTotals(client: ClientBase, drift: readonly TotalDrift[]): Promise<void> {
  const calendars = await readCalendars(client, [...new Set(drift.map(({ tenantId }) => tenantId))]);
  const deltas = new TotalDeltas();
  for (const { tenantId, resource, dayStartMs, difference } of drift) {
    const periods = accountingPeriods(dayStartMs, calendars.get(tenantId) ?? []);
    deltas.add(tenantId, resource, periods, { used: difference });
  }
  await addToTotals(client, deltas);
}
