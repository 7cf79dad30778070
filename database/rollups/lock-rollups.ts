import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/**
 * Makes the transaction the only one that writes folded rollups, if no other is, until it ends. Ingest never takes this
 * lock: it only adds batches that are not folded yet.
 */
export async function tryLockRollups(client: ClientBase): Promise<boolean> {
  const { rows } = await query<{ locked: boolean }>(client, {
    name: "try-lock-rollups",
    text: "select pg_try_advisory_xact_lock(hashtextextended('quotel.rollups', 0)) as locked",
  });
  return rows[0]!.locked;
}

/** The same, waiting for its turn: for repairs. */
export async function lockRollups(client: ClientBase): Promise<void> {
  await query(client, {
    name: "lock-rollups",
    text: "select pg_advisory_xact_lock(hashtextextended('quotel.rollups', 0))",
  });
}
