import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Drops the ledger's days beyond the horizon (A4). The function itself keeps what is not folded yet, seals what loses
 * events, and gives way to whoever uses the ledger; any number of processes may ask.
 *
 * @returns how many days were dropped
 */
export async function dropOldPartitions(pool: Pool): Promise<number> {
  const { rows } = await query<{ dropped: number }>(pool, {
    name: "drop-old-partitions",
    text: "select public.cleanup_old_realtime_events() as dropped",
  });
  return rows[0]!.dropped;
}
