import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";

/** How a row left the quarantine: counted by a replay, or given up by an operator, whose reason is kept. */
export type Resolution = { readonly kind: "replayed" } | { readonly kind: "discarded"; readonly reason: string };

/**
 * Closes a row: its payload goes, the row stays for as long as rows are kept. A replay closes it in the transaction that
 * records what it holds, so that counts once. What was discarded stays so: a redelivery does not bring it back.
 *
 * @returns whether there was such a row that waited
 */
export async function resolveQuarantined(
  on: ClientBase | Pool,
  quarantineId: string,
  resolution: Resolution,
): Promise<boolean> {
  const { rowCount } = await query(on, {
    name: "resolve-quarantined",
    text: `
      update quotel.quarantine set resolved_at = now(), resolution = $2, discard_reason = $3, payload = null
      where quarantine_id = $1 and resolved_at is null`,
    values: [quarantineId, resolution.kind, resolution.kind === "discarded" ? resolution.reason : null],
  });
  return rowCount === 1;
}
