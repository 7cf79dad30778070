import type { ClientBase } from "pg";
import { instantArray, textArray } from "../../array-text.ts";
import type { TenantDay } from "../../periods/tenant-day.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/**
 * Spans that a tenant has on two neighbouring days of the ledger. The day of the claimed end is part of the identity
 * (I1), so a sender that changes an end on its way across midnight counts twice; this is how it is noticed. `offset 0`
 * keeps the look-up of each event one in the primary key: made into a join, and planned before a new day's partition has
 * statistics, it would compare each event with all others.
 */
export async function checkIdentities(client: ClientBase, days: readonly TenantDay[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-identities",
    text: `
      select d.tenant_id, (extract(epoch from d.day_start) * 1000)::bigint as day_start_ms,
        to_char(d.day_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"') as key, 0 as expected, e.repeated as found
      from unnest($1::text[], $2::timestamptz[]) as asked (tenant_id, day_start)
      join quotel.accounted_days d using (tenant_id, day_start)
      cross join lateral (
        select count(*) as repeated from quotel.usage_events e
        where e.tenant_id = d.tenant_id and e.event_day between d.first_event_day - 1 and d.last_event_day
          and e.moved_to is null
          and exists (
            select from quotel.usage_events n
            where n.tenant_id = d.tenant_id and n.event_day between d.first_event_day and d.last_event_day + 1
              and n.event_day = e.event_day + 1 and n.trace_id = e.trace_id and n.span_id = e.span_id
              and n.moved_to is null
            offset 0)) e
      where e.repeated > 0`,
    values: [textArray(days.map((day) => day.tenantId)), instantArray(days.map((day) => day.dayStartMs))],
  });
  return rows.map((row) => findingOf("repeated_identity", row));
}
