import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { query } from "../pool.ts";
import { hashToken } from "./api-key.ts";
import type { Key } from "./api-key.ts";

/**
 * Makes a key with a new token, which is returned and stored nowhere. Null = a key of that name exists: a token is not
 * replaced by accident.
 */
export async function createKey(pool: Pool, key: Key): Promise<string | null> {
  const token = `quotel_${randomBytes(24).toString("base64url")}`;
  const { rowCount } = await query(pool, {
    name: "create-key",
    text: `
      insert into quotel.api_keys (key_hash, key_id, kind, tenants, count_scopes)
      values (decode($1, 'hex'), $2, $3, $4, $5)
      on conflict (key_id) do nothing`,
    values: [hashToken(token), key.keyId, key.kind, key.tenants, key.countScopes],
  });
  return rowCount === 1 ? token : null;
}
