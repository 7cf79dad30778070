import type { Pool } from "pg";
import { query } from "../pool.ts";
import type { Key } from "./api-key.ts";

/** The key with this hash, unless it is revoked. The lookup is by hash, so its timing tells nothing about tokens. */
export async function findKey(pool: Pool, tokenHash: string): Promise<Key | null> {
  const { rows } = await query<Key>(pool, {
    name: "find-key",
    text: `
      select key_id as "keyId", kind, tenants, count_scopes as "countScopes"
      from quotel.api_keys
      where key_hash = decode($1, 'hex') and revoked_at is null`,
    values: [tokenHash],
  });
  return rows[0] ?? null;
}

/** The key of this name, also a revoked one. */
export async function findKeyById(pool: Pool, keyId: string): Promise<Key | null> {
  const { rows } = await query<Key>(pool, {
    name: "find-key-by-id",
    text: `
      select key_id as "keyId", kind, tenants, count_scopes as "countScopes"
      from quotel.api_keys
      where key_id = $1`,
    values: [keyId],
  });
  return rows[0] ?? null;
}
