import type { Pool } from "pg";
import { query } from "../pool.ts";
import type { Key } from "./api-key.ts";

export interface ListedKey extends Key {
  readonly createdAtMs: number;
  /** Null = it works. */
  readonly revokedAtMs: number | null;
}

/** All keys, also revoked ones, the oldest first. */
export async function listKeys(pool: Pool): Promise<ListedKey[]> {
  const { rows } = await query<ListedKey>(pool, {
    name: "list-keys",
    text: `
      select key_id as "keyId", kind, tenants, count_scopes as "countScopes",
        (extract(epoch from created_at) * 1000)::bigint as "createdAtMs",
        (extract(epoch from revoked_at) * 1000)::bigint as "revokedAtMs"
      from quotel.api_keys
      order by created_at, key_id`,
  });
  return rows;
}
