import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** The instant from which on the ledger has every event that counts there (Unix milliseconds); -Infinity = all of them. */
export async function readCompleteFrom(client: ClientBase): Promise<number> {
  const { rows } = await query<{ ms: number | null }>(client, {
    name: "read-complete-from",
    text: `
      select case when isfinite(unsealed_from) then (extract(epoch from unsealed_from) * 1000)::bigint end as ms
      from quotel.ledger_seal`,
  });
  return rows[0]!.ms ?? -Infinity;
}
