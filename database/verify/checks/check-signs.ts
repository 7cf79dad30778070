import { BUILT_IN_RESOURCES } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/** What can be given back, so that a day may take more away than it adds. Of resources not built in nobody knows. */
const LEVELS: readonly string[] = ["storage_bytes", "members", "channels"];
const CONSUMED = BUILT_IN_RESOURCES.filter((resource) => !LEVELS.includes(resource));

/** Days on which a tenant has used less than nothing of what can only be consumed, or holds less than nothing. */
export async function checkSigns(client: ClientBase, tenantIds: readonly string[]): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-signs",
    text: `
      select tenant_id, (extract(epoch from period_start) * 1000)::bigint as day_start_ms,
        concat_ws(' ', to_char(period_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'), resource) as key,
        0 as expected, least(used, reserved) as found
      from quotel.quota_totals
      where tenant_id = any ($1::text[]) and period = 'day'
        and (reserved < 0 or used < 0 and resource = any ($2::text[]))`,
    values: [textArray(tenantIds), textArray(CONSUMED)],
  });
  return rows.map((row) => findingOf("negative_total", row));
}
