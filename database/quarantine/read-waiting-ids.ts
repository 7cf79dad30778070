import type { Pool } from "pg";
import { query } from "../pool.ts";

/** Ids of the rows that wait in quarantine for a reason (null = any), in the order received. */
export async function readWaitingIds(pool: Pool, reason: string | null): Promise<string[]> {
  const { rows } = await query<{ id: string }>(pool, {
    name: "read-waiting-ids",
    text: `
      select quarantine_id::text as id from quotel.quarantine
      where resolved_at is null and ($1::text is null or reason = $1)
      order by received_at, quarantine_id`,
    values: [reason],
  });
  return rows.map((row) => row.id);
}
