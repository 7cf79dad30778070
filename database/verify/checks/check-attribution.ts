import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { CLAIMED_TENANT } from "../../attribution/claim.ts";
import { instantArray, textArray } from "../../array-text.ts";
import type { TenantDay } from "../../periods/tenant-day.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/**
 * Usage that was nobody's when it came and names a tenant that is registered by now: it waits to be given to that tenant
 * (I6). One finding per tenant and day, with how many events wait.
 */
export async function checkAttribution(client: ClientBase, days: readonly TenantDay[]): Promise<Finding[]> {
  const unattributed = days.filter(({ tenantId }) => tenantId === UNATTRIBUTED_TENANT);
  const { rows } = await query<FindingRow>(client, {
    name: "check-attribution",
    text: `
      select d.tenant_id, (extract(epoch from d.day_start) * 1000)::bigint as day_start_ms,
        concat_ws(' ', to_char(d.day_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), e.claimed) as key,
        0 as expected, e.events as found
      from unnest($1::text[], $2::timestamptz[]) as asked (tenant_id, day_start)
      join quotel.accounted_days d using (tenant_id, day_start)
      cross join lateral (
        select t.tenant_id as claimed, count(*) as events
        from quotel.usage_events e join quotel.tenants t on t.tenant_id = e.detail ->> $3
        where e.tenant_id = d.tenant_id and e.event_day between d.first_event_day and d.last_event_day
          and e.day_start = d.day_start and e.moved_to is null
        group by t.tenant_id) e`,
    values: [
      textArray(unattributed.map((day) => day.tenantId)),
      instantArray(unattributed.map((day) => day.dayStartMs)),
      CLAIMED_TENANT,
    ],
  });
  return rows.map((row) => findingOf("unattributed_claim", row));
}
