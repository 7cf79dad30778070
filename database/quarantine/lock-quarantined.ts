import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import { QUARANTINED_COLUMNS } from "./read-quarantine.ts";
import type { Quarantined } from "./read-quarantine.ts";

/**
 * Locks a row that waits in quarantine until the transaction ends: of two that try it again at once, one has it. Null =
 * it is resolved, or somebody else's just now.
 */
export async function lockQuarantined(client: ClientBase, quarantineId: string): Promise<Quarantined | null> {
  const { rows } = await query<Quarantined>(client, {
    name: "lock-quarantined",
    text: `
      select ${QUARANTINED_COLUMNS}
      from quotel.quarantine q
      where q.quarantine_id = $1 and q.resolved_at is null
      for update skip locked`,
    values: [quarantineId],
  });
  return rows[0] ?? null;
}
