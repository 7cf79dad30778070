import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * Revokes a key: it stops working once caches have aged (10 s). Repeated it changes nothing.
 *
 * @returns whether there is such a key
 */
export async function revokeKey(pool: Pool, keyId: string): Promise<boolean> {
  const { rowCount } = await query(pool, {
    name: "revoke-key",
    text: "update quotel.api_keys set revoked_at = coalesce(revoked_at, now()) where key_id = $1",
    values: [keyId],
  });
  return rowCount === 1;
}
