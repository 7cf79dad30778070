import type { Pool } from "pg";
import { query } from "../pool.ts";

/** Small enough that nobody notices the transaction. */
const ROWS_MAX = 10_000;

/**
 * Deletes what nothing needs any more besides the ledger, a bounded number of rows per transaction, until none is left.
 *
 * @returns how many rows were deleted
 */
export async function forgetOldRows(pool: Pool): Promise<number> {
  return (await inSteps(pool, "forget_old_rows")) + (await inSteps(pool, "forget_old_points"));
}

async function inSteps(pool: Pool, forget: "forget_old_rows" | "forget_old_points"): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const { rows } = await query<{ forgotten: number }>(pool, {
      name: forget,
      text: `select quotel.${forget}($1) as forgotten`,
      values: [ROWS_MAX],
    });
    forgotten += rows[0]!.forgotten;
    if (rows[0]!.forgotten < ROWS_MAX) return forgotten;
  }
}
