import { EVENT_TYPES } from "@quotel/conventions";
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

/**
 * Select of rollup rows with the names that their tenant may use, and the columns of `quotel.folded_rollups`.
 *
 * @param rollups a call of `quotel.event_rollups`
 * @param eventTypes the parameter that holds the built-in event types
 */
export function labelledRollups(rollups: string, eventTypes: string): string {
  return `
    select r.tenant_id, r.granularity, r.bucket_start,
      case when r.event_type = any (${eventTypes}::text[]) or t.label is not null then r.event_type else '__other__' end
        as event_type,
      r.resource,
      case when r.provider = '' or m.label is not null then r.provider else '__other__' end as provider,
      case when r.model = '' or m.label is not null then r.model else '__other__' end as model,
      case when r.user_id = '' or u.label is not null then r.user_id else '__other__' end as user_id,
      min(r.month_start) as month_start,
      ${SUMS.map((column) => `sum(r.${column})::bigint as ${column}`).join(", ")},
      max(r.duration_us_max) as duration_us_max, quotel.sum_latency(r.latency) as latency
    from ${rollups} r
    left join quotel.rollup_labels t on (t.tenant_id, t.kind, t.label) = (r.tenant_id, 'event_type', r.event_type)
    left join quotel.rollup_labels m on (m.tenant_id, m.kind, m.label)
      = (r.tenant_id, 'model', concat_ws('/', nullif(r.provider, ''), nullif(r.model, '')))
    left join quotel.rollup_labels u on (u.tenant_id, u.kind, u.label) = (r.tenant_id, 'user', r.user_id)
    group by 1, 2, 3, 4, 5, 6, 7, 8`;
}

/** Adds the events of some batches to the folded rollups. Runs under the rollups' lock, so nobody else writes them. */
export async function addToRollups(client: ClientBase, unfolded: Unfolded): Promise<void> {
  const { batches, firstDay, lastDay } = unfolded;
  await query(client, {
    name: "add-to-rollups",
    text: `
      insert into quotel.folded_rollups as f (${KEYS}, month_start, ${SUMS.join(", ")}, duration_us_max, latency)
      ${labelledRollups("quotel.event_rollups($1::bigint[], true, $2::bigint, $3::bigint, $4::date, $5::date)", "$6")}
      on conflict (${KEYS}) do update set
        ${SUMS.map((column) => `${column} = f.${column} + excluded.${column}`).join(", ")},
        duration_us_max = greatest(f.duration_us_max, excluded.duration_us_max),
        latency = quotel.merge_latency(f.latency, excluded.latency)`,
    values: [batches, batches[0], batches.at(-1), firstDay, lastDay, EVENT_TYPES],
  });
}
