import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { Unfolded } from "./read-unfolded.ts";

/** Columns of `quotel.folded_rollups` that add up. */
export const SUMS = [
  "events",
  "events_failed",
  "events_rate_limited",
  "amount",
  "input_tokens",
  "output_tokens",
  "cache_read_tokens",
  "cache_write_tokens",
  "reasoning_tokens",
  "partial_tokens",
  "estimated_tokens",
  "events_without_usage",
  "cost_nano_usd",
  "unpriced_events",
  "duration_us_sum",
] as const;

export const KEYS = "tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id";

/** The key columns of a table or alias. */
export function keysOf(alias: string): string {
  return KEYS.replaceAll(/\w+/g, `${alias}.$&`);
}

/** Adds the events of some batches to the folded rollups. Runs under the rollups' lock, so nobody else writes them. */
export async function addToRollups(client: ClientBase, unfolded: Unfolded): Promise<void> {
  const { batches, firstDay, lastDay } = unfolded;
  await query(client, {
    name: "add-to-rollups",
    text: `
      insert into quotel.folded_rollups as f (${KEYS}, month_start, ${SUMS.join(", ")}, duration_us_max, latency)
      select * from quotel.event_rollups($1::bigint[], true, $2::bigint, $3::bigint, $4::date, $5::date) r
      order by ${keysOf("r")}
      on conflict (${KEYS}) do update set
        ${SUMS.map((column) => `${column} = f.${column} + excluded.${column}`).join(", ")},
        duration_us_max = greatest(f.duration_us_max, excluded.duration_us_max),
        latency = quotel.merge_latency(f.latency, excluded.latency)`,
    values: [batches, batches[0], batches.at(-1), firstDay, lastDay],
  });
}
