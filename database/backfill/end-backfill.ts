import type { Pool } from "pg";
import { query } from "../pool.ts";

/** What happens to a run: it is done (or will not go on), its ledger rows are given up, all it added is taken back. */
export type BackfillEnd = "finished" | "closed" | "reverted";

/** Sets when it happened, once; whatever happens to a run, it is finished then. Returns whether there is such a run. */
export async function endBackfill(pool: Pool, backfillId: string, end: BackfillEnd): Promise<boolean> {
  const { rowCount } = await query(pool, {
    name: "end-backfill",
    text: `
      update quotel.backfills set
        finished_at = coalesce(finished_at, now()),
        closed_at = case when $2 = 'closed' then coalesce(closed_at, now()) else closed_at end,
        reverted_at = case when $2 = 'reverted' then coalesce(reverted_at, now()) else reverted_at end
      where backfill_id = $1`,
    values: [backfillId, end],
  });
  return rowCount === 1;
}
