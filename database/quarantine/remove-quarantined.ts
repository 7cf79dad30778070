import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Takes a row out of quarantine, in the transaction that records what it holds: so that counts once. */
export async function removeQuarantined(client: ClientBase, quarantineId: string): Promise<void> {
  await query(client, {
    name: "remove-quarantined",
    text: "delete from quotel.quarantine where quarantine_id = $1",
    values: [quarantineId],
  });
}
