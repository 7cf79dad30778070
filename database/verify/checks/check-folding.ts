import type { ClientBase } from "pg";
import { query } from "../../pool.ts";
import { findingOf } from "../finding.ts";
import type { Finding, FindingRow } from "../finding.ts";

/** Folding runs every second; what waits this long (seconds) waits for something else. */
const UNFOLDED_AGE_SECONDS_MAX = 300;

/** Whether folding has stopped: its oldest batch waits too long. Rollups stay right meanwhile, and get slow to read. */
export async function checkFolding(client: ClientBase): Promise<Finding[]> {
  const { rows } = await query<FindingRow>(client, {
    name: "check-folding",
    text: `
      select '' as tenant_id, null as day_start_ms, 'age of the oldest unfolded batch, seconds' as key,
        $1::bigint as expected, age as found
      from (select floor(extract(epoch from clock_timestamp() - min(opened_at)))::bigint as age
        from quotel.unfolded_batches) oldest
      where age > $1::bigint`,
    values: [UNFOLDED_AGE_SECONDS_MAX],
  });
  return rows.map((row) => findingOf("folding_stuck", row));
}
