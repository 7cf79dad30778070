import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Notes, in the transaction that makes it, that a batch's rows are a backfill's, so that reverting takes them back. */
export async function noteBackfillBatch(client: ClientBase, backfillId: string, batch: number): Promise<void> {
  await query(client, {
    name: "note-backfill-batch",
    text: "insert into quotel.backfill_batches (backfill_id, batch) values ($1, $2)",
    values: [backfillId, batch],
  });
}
