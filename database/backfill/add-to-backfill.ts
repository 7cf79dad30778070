import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/**
 * Adds to what a backfill has recorded, in the transaction that records it.
 *
 * @returns false when the run was ended meanwhile, by somebody who reverts it: then nothing may be added any more
 */
export async function addToBackfill(client: ClientBase, backfillId: string, events: number): Promise<boolean> {
  const { rowCount } = await query(client, {
    name: "add-to-backfill",
    text: `
      update quotel.backfills set events = events + $2
      where backfill_id = $1 and finished_at is null`,
    values: [backfillId, events],
  });
  return rowCount === 1;
}
