import type { ClientBase } from "pg";
import { instantArray, textArray } from "../../array-text.ts";
import type { TenantDay } from "../../periods/tenant-day.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/** Columns of the rollups that are compared, and what they are in the ledger. */
const SUMS: Readonly<Record<string, string>> = {
  events: "count(*)",
  events_failed: "count(*) filter (where status = 'failed')",
  amount: "sum(amount)",
  input_tokens: "sum(input_tokens)",
  output_tokens: "sum(output_tokens)",
  cost_nano_usd: "sum(cost_nano_usd)",
  unpriced_events:
    "count(*) filter (where cost_nano_usd is null and coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0)",
  duration_us_sum: "sum(duration_us)",
};

const COLUMNS = Object.keys(SUMS);
const select = (text: (column: string) => string): string => COLUMNS.map(text).join(", ");

/**
 * Where the folded rollups of some days, of their users and of the hours that lie in one of them, are not the sums of the ledger's
 * folded events (I3). One statement and so one snapshot: whatever commits meanwhile, both sides have it or neither. It
 * shares nothing with the definition that folding uses. What is not folded yet is the ledger itself and cannot drift.
 */
export async function checkRollups(client: ClientBase, days: readonly TenantDay[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-rollups",
    text: `
      with day as materialized (
        select d.*, coalesce(t.day_end, d.day_start + interval '23 hours') as day_end
        from unnest($1::text[], $2::timestamptz[]) as asked (tenant_id, day_start)
        join quotel.accounted_days d using (tenant_id, day_start)
        left join lateral (
          select max(t.day_end) as day_end from quotel.day_totals t
          where t.tenant_id = d.tenant_id and t.day_start = d.day_start) t on true
      ), unfolded as materialized (
        select coalesce(array_agg(batch), '{}') as batches, min(batch) as first_batch from quotel.unfolded_batches
      ), ledger as materialized (
        select d.tenant_id, d.day_start, d.day_end, e.*
        from day d cross join unfolded u
        cross join lateral (
          select date_bin('1 hour', e.accounted_at, timestamptz 'epoch') as hour_start, coalesce(e.user_id, '') <> '' as by_user,
            ${select((column) => `coalesce(${SUMS[column]}, 0) as ${column}`)}
          from quotel.usage_events e
          where e.tenant_id = d.tenant_id and e.event_day between d.first_event_day and d.last_event_day
            and e.day_start = d.day_start and e.moved_to is null
            and (u.first_batch is null or e.batch < u.first_batch or e.batch <> all (u.batches))
          group by 1, 2) e
      ), expected as (
        select tenant_id, day_start, 'day' as granularity, day_start as bucket_start,
          ${select((column) => `sum(${column}) as ${column}`)}
        from ledger group by tenant_id, day_start
        union all
        select tenant_id, day_start, 'user_day', day_start, ${select((column) => `sum(${column})`)}
        from ledger where by_user group by tenant_id, day_start
        union all
        select tenant_id, day_start, 'hour', hour_start, ${select((column) => `sum(${column})`)}
        from ledger where hour_start >= day_start and hour_start + interval '1 hour' <= day_end
        group by tenant_id, day_start, hour_start
      ), folded as (
        select d.tenant_id, d.day_start, f.granularity, f.bucket_start,
          ${select((column) => `sum(f.${column}) as ${column}`)}
        from day d
        cross join lateral (
          select * from quotel.folded_rollups f
          where f.tenant_id = d.tenant_id and f.granularity in ('day', 'user_day') and f.bucket_start = d.day_start
          union all
          select * from quotel.folded_rollups f
          where f.tenant_id = d.tenant_id and f.granularity = 'hour' and f.bucket_start >= d.day_start
            and f.bucket_start <= d.day_end - interval '1 hour') f
        group by 1, 2, 3, 4
      )
      select tenant_id, (extract(epoch from day_start) * 1000)::bigint as day_start_ms,
        concat_ws(' ', granularity, to_char(bucket_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), v.name) as key,
        v.expected::bigint as expected, v.found::bigint as found
      from expected e full join folded f using (tenant_id, day_start, granularity, bucket_start)
      cross join lateral (values
        ${select((column) => `('${column}', coalesce(e.${column}, 0), coalesce(f.${column}, 0))`)}
      ) v (name, expected, found)
      where v.expected <> v.found`,
    values: [textArray(days.map((day) => day.tenantId)), instantArray(days.map((day) => day.dayStartMs))],
  });
  return rows.map((row) => findingOf("rollup_drift", row));
}
