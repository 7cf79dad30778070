import type { ClientBase } from "pg";
import { query } from "../../pool.ts";

/** A batch number that no record transaction has or gets. */
export async function takeBatchNumber(client: ClientBase): Promise<number> {
  const { rows } = await query<{ batch: number }>(client, {
    name: "take-batch-number",
    text: "select nextval(pg_get_serial_sequence('quotel.unfolded_batches', 'batch')) as batch",
  });
  return rows[0]!.batch;
}
