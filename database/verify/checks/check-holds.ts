import type { ClientBase } from "pg";
import { textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/**
 * Where what a tenant's totals say is reserved is not the sum of its reservations' holds (I10). One statement and so one
 * snapshot: both change in one transaction. Only a reservation that expires one day holds anything.
 */
export async function checkHolds(client: ClientBase, tenantIds: readonly string[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-holds",
    text: `
      with held as (
        select r.tenant_id, r.day_start, h.resource, sum(h.held) as amount
        from quotel.reservations r cross join lateral unnest(r.resources, r.held) as h (resource, held)
        where r.tenant_id = any ($1::text[]) and r.expires_at is not null
        group by 1, 2, 3
      ), reserved as (
        select tenant_id, period_start as day_start, resource, reserved as amount
        from quotel.quota_totals where tenant_id = any ($1::text[]) and period = 'day' and reserved <> 0
      )
      select tenant_id, (extract(epoch from day_start) * 1000)::bigint as day_start_ms,
        concat_ws(' ', to_char(day_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), resource) as key,
        coalesce(h.amount, 0)::bigint as expected, coalesce(r.amount, 0) as found
      from held h full join reserved r using (tenant_id, day_start, resource)
      where coalesce(h.amount, 0) <> coalesce(r.amount, 0)`,
    values: [textArray(tenantIds)],
  });
  return rows.map((row) => findingOf("hold_drift", row));
}
