import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Gives a row up: its payload goes, the row stays with the reason, so that a redelivery does not bring it back.
 *
 * @returns whether there was such a row, not discarded yet
 */
export async function discardQuarantined(pool: Pool, quarantineId: string, reason: string): Promise<boolean> {
  const { rowCount } = await query(pool, {
    name: "discard-quarantined",
    text: `
      update quotel.quarantine set discarded_at = now(), discard_reason = $2, payload = null
      where quarantine_id = $1 and discarded_at is null`,
    values: [quarantineId, reason],
  });
  return rowCount === 1;
}
