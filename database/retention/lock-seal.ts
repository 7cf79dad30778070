import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/**
 * The instant (Unix milliseconds) from which on buckets may be rebuilt: the ledger has all events of those that start at
 * or after it. Older ones are sealed (I3). -Infinity = nothing has been dropped yet. The seal stays as it is until the
 * transaction ends, so no day of the ledger goes while a rebuild reads it. Needs the owner's rights.
 */
export async function lockSeal(client: ClientBase): Promise<number> {
  const { rows } = await query<{ unsealed_from_ms: number | null }>(client, {
    name: "lock-seal",
    text: `
      select case when isfinite(unsealed_from) then (extract(epoch from unsealed_from) * 1000)::bigint end
        as unsealed_from_ms
      from quotel.ledger_seal for share`,
  });
  return rows[0]!.unsealed_from_ms ?? -Infinity;
}
