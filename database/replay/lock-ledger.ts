import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import { readCompleteFrom } from "./read-complete-from.ts";

const HOUR_MS = 3_600_000;

/**
 * Makes the transaction one that only reads, from one snapshot, and keeps the ledger's days from being dropped until it
 * ends. Has to be its first statement. Ingest goes on beside it.
 *
 * @returns from which whole hour on (Unix milliseconds) the ledger has every event; -Infinity = none has been dropped
 */
export async function lockLedger(client: ClientBase): Promise<number> {
  await query(client, {
    name: "read-from-one-snapshot",
    text: "set transaction isolation level repeatable read, read only",
  });
  // Before the snapshot: it is taken by the first statement that reads.
  await query(client, { name: "keep-ledger", text: "lock table quotel.usage_events in access share mode" });
  return Math.ceil((await readCompleteFrom(client)) / HOUR_MS) * HOUR_MS;
}
