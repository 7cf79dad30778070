import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import { SUMS, keysOf } from "../../rollups/add-to-rollups.ts";

/** Ledger rows by their batch, and in which days of the ledger they are (`YYYY-MM-DD`). */
export interface BatchRows {
  readonly batch: number;
  readonly firstDay: string;
  readonly lastDay: string;
}

interface Touched {
  readonly tenant_id: string;
  readonly bucket_start: string;
  readonly was_longest: boolean;
}

/**
 * Takes a folded batch's events out of the folded rollups; its rows are still in the ledger. Runs under the rollups'
 * lock, so nobody else writes them. Everything but the longest duration is subtracted; that one is looked up again among
 * the events that stay, in the buckets of which the ledger still has them all. In a sealed bucket it stays as it is.
 */
export async function takeFromRollups(client: ClientBase, rows: BatchRows): Promise<void> {
  const touched = await subtract(client, rows);
  if (touched.length === 0) return;
  await removeEmpty(client, touched);
  const longest = touched.filter((it) => it.was_longest);
  if (longest.length > 0) await lookUpLongest(client, rows, [...new Set(longest.map((it) => it.tenant_id))]);
}

async function subtract(client: ClientBase, { batch, firstDay, lastDay }: BatchRows): Promise<Touched[]> {
  const { rows } = await query<Touched>(client, {
    name: "take-from-rollups",
    text: `
      with taken as materialized (
        select * from quotel.event_rollups($1::bigint[], true, $2::bigint, $2::bigint, $3::date, $4::date)
      )
      update quotel.folded_rollups f set
        ${SUMS.map((column) => `${column} = f.${column} - taken.${column}`).join(", ")},
        latency = quotel.take_latency(f.latency, taken.latency)
      from taken
      where (${keysOf("f")}) = (${keysOf("taken")})
      returning f.tenant_id, f.bucket_start::text as bucket_start,
        f.events > 0 and taken.duration_us_max >= f.duration_us_max as was_longest`,
    values: [[batch], batch, firstDay, lastDay],
  });
  return rows;
}

async function removeEmpty(client: ClientBase, touched: readonly Touched[]): Promise<void> {
  await query(client, {
    name: "remove-empty-rollups",
    text: `
      delete from quotel.folded_rollups
      where tenant_id = any ($1::text[]) and bucket_start = any ($2::timestamptz[]) and events = 0`,
    values: [
      textArray([...new Set(touched.map((it) => it.tenant_id))]),
      textArray([...new Set(touched.map((it) => it.bucket_start))]),
    ],
  });
}

/** A day more on either side: an hour of UTC, or a day of the tenant's zone, may lie on two days of the ledger. */
async function lookUpLongest(
  client: ClientBase,
  { batch, firstDay, lastDay }: BatchRows,
  tenantIds: readonly string[],
): Promise<void> {
  const { rows } = await query<{ batches: number[] }>(client, {
    name: "read-unfolded-batches",
    text: "select coalesce(array_agg(batch), '{}') as batches from quotel.unfolded_batches",
  });
  const others = "quotel.event_rollups($1::bigint[], false, 0, 9223372036854775807, $2::date - 1, $3::date + 1)";
  await query(client, {
    name: "look-up-longest",
    text: `
      update quotel.folded_rollups f set duration_us_max = kept.duration_us_max
      from ${others} kept
      where (${keysOf("f")}) = (${keysOf("kept")}) and kept.tenant_id = any ($4::text[])
        and kept.events = f.events and kept.duration_us_max <> f.duration_us_max`,
    values: [plainArray([batch, ...rows[0]!.batches]), firstDay, lastDay, textArray(tenantIds)],
  });
}
