import type { ClientBase } from "pg";
import { instantOfMs } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import { keysOf } from "../../rollups/add-to-rollups.ts";
import type { RepricedRow } from "./reprice-rows.ts";

/** What repriced rows add to one folded rollup; its name as in the ledger. Columns of `quotel.folded_rollups`. */
interface RollupChange {
  readonly tenant_id: string;
  readonly granularity: "hour" | "day" | "user_day";
  readonly bucket_start: string;
  readonly event_type: string;
  readonly resource: string;
  readonly provider: string;
  readonly model: string;
  readonly user_id: string;
  cost_nano_usd: number;
  unpriced_events: number;
}

/**
 * Adds what new costs change to the folded rollups of the rows that are folded; of the others the ledger rows are the
 * rollups (I3). Under the rollups' lock, so nobody else writes them. Throws where the rollups of a folded row are not
 * there: then they are broken, and adding to them would hide it.
 */
export async function repriceRollups(client: ClientBase, rows: readonly RepricedRow[]): Promise<void> {
  const changes = changesOf(rows.filter((row) => row.folded));
  if (changes.length === 0) return;
  const result = await query<{ wanted: number; changed: number }>(client, {
    name: "reprice-rollups",
    text: `
      with wanted as materialized (
        select r.tenant_id, r.granularity, r.bucket_start, n.event_type, r.resource, n.provider, n.model, n.user_id,
          sum(r.cost_nano_usd)::bigint as cost_nano_usd, sum(r.unpriced_events)::bigint as unpriced_events
        from jsonb_populate_recordset(null::quotel.folded_rollups, $1::jsonb) r
        cross join lateral quotel.rolled_up_names(r.tenant_id, r.event_type, r.provider, r.model, r.user_id) n
        group by 1, 2, 3, 4, 5, 6, 7, 8
      ), changed as (
        update quotel.folded_rollups f set
          cost_nano_usd = f.cost_nano_usd + w.cost_nano_usd, unpriced_events = f.unpriced_events + w.unpriced_events
        from wanted w
        where (${keysOf("f")}) = (${keysOf("w")})
        returning 1
      )
      select (select count(*) from wanted) as wanted, (select count(*) from changed) as changed`,
    values: [JSON.stringify(changes)],
  });
  const { wanted, changed } = result.rows[0]!;
  if (changed !== wanted) {
    throw new Error(
      `${wanted - changed} rollups of repriced events are missing: run npm run rebuild for these days first`,
    );
  }
}

function changesOf(rows: readonly RepricedRow[]): RollupChange[] {
  const changes = new Map<string, RollupChange>();
  for (const row of rows) {
    for (const bucket of bucketsOf(row)) {
      const { tenant_id, event_type, resource, provider, model } = row;
      const name = { tenant_id, ...bucket, event_type, resource, provider, model };
      const key = JSON.stringify(Object.values(name));
      let change = changes.get(key);
      if (change === undefined) {
        changes.set(key, (change = { ...name, cost_nano_usd: 0, unpriced_events: 0 }));
      }
      change.cost_nano_usd += (row.after ?? 0) - (row.before ?? 0);
      if (row.has_tokens) change.unpriced_events += Number(row.after === null) - Number(row.before === null);
    }
  }
  return [...changes.values()];
}

/** The rollups that a row is in; see `quotel.event_rollups`. */
function bucketsOf(row: RepricedRow): Pick<RollupChange, "granularity" | "bucket_start" | "user_id">[] {
  const day_start = instantOfMs(row.day_start_ms);
  return [
    { granularity: "hour", bucket_start: instantOfMs(row.hour_start_ms), user_id: "" },
    { granularity: "day", bucket_start: day_start, user_id: "" },
    ...(row.user_id === ""
      ? []
      : [{ granularity: "user_day" as const, bucket_start: day_start, user_id: row.user_id }]),
  ];
}
