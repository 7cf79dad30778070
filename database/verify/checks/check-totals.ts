import type { ClientBase } from "pg";
import { instantArray, textArray } from "../../array-text.ts";
import type { TenantDay } from "../../periods/tenant-day.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/**
 * Where what some days' totals say was used is not the sum of the ledger (I3). One statement and so one snapshot: totals
 * change in the transaction that adds the events (I2), so it has both or neither. Events that are not folded yet count,
 * and may be on other days of the ledger than those noted so far.
 */
export async function checkTotals(client: ClientBase, days: readonly TenantDay[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-totals",
    text: `
      with unfolded as materialized (
        select min(first_day) as first_day, max(last_day) as last_day from quotel.unfolded_batches
      ), day as materialized (
        select d.tenant_id, d.day_start, least(d.first_event_day, u.first_day) as first_day,
          greatest(d.last_event_day, u.last_day) as last_day
        from unnest($1::text[], $2::timestamptz[]) as asked (tenant_id, day_start)
        join quotel.accounted_days d using (tenant_id, day_start)
        cross join unfolded u
      ), ledger as (
        select d.tenant_id, d.day_start, a.resource, a.amount
        from day d
        cross join lateral (
          select a.resource, sum(a.amount) as amount from quotel.usage_amounts a
          where a.tenant_id = d.tenant_id and a.event_day between d.first_day and d.last_day
            and a.day_start = d.day_start
          group by a.resource) a
      ), totals as (
        select d.tenant_id, d.day_start, t.resource, t.used as amount
        from day d
        cross join lateral (
          select t.resource, t.used from quotel.quota_totals t
          where t.tenant_id = d.tenant_id and t.period = 'day' and t.period_start = d.day_start
          -- A bound for the planner: joined as a whole, everybody's totals would be sorted to find these.
          offset 0) t
      )
      select tenant_id, (extract(epoch from day_start) * 1000)::bigint as day_start_ms,
        concat_ws(' ', to_char(day_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), resource) as key,
        coalesce(l.amount, 0)::bigint as expected, coalesce(t.amount, 0) as found
      from ledger l full join totals t using (tenant_id, day_start, resource)
      where coalesce(l.amount, 0) <> coalesce(t.amount, 0)`,
    values: [textArray(days.map((day) => day.tenantId)), instantArray(days.map((day) => day.dayStartMs))],
  });
  return rows.map((row) => findingOf("total_drift", row));
}
