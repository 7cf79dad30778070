import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Makes the daily ledger partitions of [firstDay, lastDay] (`YYYY-MM-DD`, UTC) that are missing. Several processes may
 * ask at once, while inserts go on.
 *
 * @returns how many were made
 */
export async function ensurePartitions(pool: Pool, firstDay: string, lastDay: string): Promise<number> {
  const { rows } = await query<{ made: number }>(pool, {
    name: "ensure-partitions",
    text: "select quotel.ensure_event_partitions($1::date, $2::date) as made",
    values: [firstDay, lastDay],
  });
  return rows[0]!.made;
}
