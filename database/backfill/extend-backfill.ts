import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Widens the days that a backfill touches, committed before anything is recorded on them: from then on retention leaves
 * their partitions alone.
 *
 * @param firstDay, lastDay `YYYY-MM-DD`
 */
export async function extendBackfill(pool: Pool, backfillId: string, firstDay: string, lastDay: string): Promise<void> {
  await query(pool, {
    name: "extend-backfill",
    text: `
      update quotel.backfills set
        first_day = least(first_day, $2::date), last_day = greatest(last_day, $3::date)
      where backfill_id = $1`,
    values: [backfillId, firstDay, lastDay],
  });
}
