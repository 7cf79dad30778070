import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import { instantArray, plainArray, textArray } from "../array-text.ts";
import { histogramArray } from "./latency-histogram.ts";
import type { Rollup } from "./rollup.ts";

/** Summed columns, and where their sums come from. */
const SUMS = [
  ["events", "events"],
  ["events_failed", "eventsFailed"],
  ["events_rate_limited", "eventsRateLimited"],
  ["amount", "amount"],
  ["input_tokens", "inputTokens"],
  ["output_tokens", "outputTokens"],
  ["cache_read_tokens", "cacheReadTokens"],
  ["cache_write_tokens", "cacheWriteTokens"],
  ["reasoning_tokens", "reasoningTokens"],
  ["partial_tokens", "partialTokens"],
  ["estimated_tokens", "estimatedTokens"],
  ["events_without_usage", "eventsWithoutUsage"],
  ["cost_nano_usd", "costNanoUsd"],
  ["unpriced_events", "unpricedEvents"],
  ["duration_us_sum", "durationUsSum"],
] as const satisfies readonly (readonly [string, keyof Rollup])[];

const KEYS = "tenant_id, granularity, bucket_start, event_type, resource, provider, model";

const TEXT = `
  insert into quotel.usage_rollups as r (
    ${KEYS}, month_start, ${SUMS.map(([column]) => column).join(", ")}, duration_us_max, latency)
  select
    tenant_id, granularity, bucket_start, event_type, resource, provider, model, month_start,
    ${SUMS.map(([column]) => column).join(", ")}, duration_us_max, latency::integer[]
  from unnest(
    $1::text[], $2::text[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[],
    ${SUMS.map((_, index) => `$${index + 11}::bigint[]`).join(", ")}, $9::bigint[], $10::text[])
    as input (${KEYS}, month_start, ${SUMS.map(([column]) => column).join(", ")}, duration_us_max, latency)
  on conflict (${KEYS}) do update set
    ${SUMS.map(([column]) => `${column} = r.${column} + excluded.${column}`).join(", ")},
    duration_us_max = greatest(r.duration_us_max, excluded.duration_us_max),
    latency = quotel.merge_latency(r.latency, excluded.latency)`;

/**
 * Adds to rollups. The only statement that writes them; it runs in the transaction that inserted the ledger rows they
 * sum, over those rows only (I2, I3). Rows arrive in primary-key order, so two writers cannot deadlock.
 */
export async function addToRollups(client: ClientBase, rollups: readonly Rollup[]): Promise<void> {
  if (rollups.length === 0) return;
  await query(client, {
    name: "add-to-rollups",
    text: TEXT,
    values: [
      textArray(rollups.map((rollup) => rollup.tenantId)),
      plainArray(rollups.map((rollup) => rollup.granularity)),
      instantArray(rollups.map((rollup) => rollup.bucketStartMs)),
      textArray(rollups.map((rollup) => rollup.eventType)),
      textArray(rollups.map((rollup) => rollup.resource)),
      textArray(rollups.map((rollup) => rollup.provider)),
      textArray(rollups.map((rollup) => rollup.model)),
      instantArray(rollups.map((rollup) => rollup.monthStartMs)),
      plainArray(rollups.map((rollup) => rollup.durationUsMax)),
      textArray(rollups.map((rollup) => histogramArray(rollup.latency))),
      ...SUMS.map(([, field]) => plainArray(rollups.map((rollup) => rollup[field]))),
    ],
  });
}
