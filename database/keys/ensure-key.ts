import type { Pool } from "pg";
import { query } from "../pool.ts";
import { UNIQUE_VIOLATION, errorCode } from "../sqlstate.ts";
import { hashToken } from "./api-key.ts";
import type { KeyKind } from "./api-key.ts";

export interface KeySetting {
  readonly keyId: string;
  readonly kind: KeyKind;
  readonly token: string;
  /** Tenants the holder may speak for. Default: any. */
  readonly tenants?: readonly string[];
}

/**
 * Makes `token` the one token of `keyId`; repeated, it changes nothing. A new token replaces the old one, which stops
 * working once caches have aged (10 s). A revoked token stays revoked until it is replaced. Throws when the token is
 * already that of another key: one token cannot have two kinds.
 *
 * Processes may do it at once: whoever loses the insert finds the winner's row in the second update.
 */
export async function ensureKey(pool: Pool, key: KeySetting): Promise<void> {
  if ((await updateKey(pool, key)) || (await insertKey(pool, key)) || (await updateKey(pool, key))) return;
  throw tokenTaken(key.keyId);
}

async function updateKey(pool: Pool, key: KeySetting): Promise<boolean> {
  try {
    const { rowCount } = await query(pool, {
      name: "update-key",
      text: `
        update quotel.api_keys set
          key_hash = decode($1, 'hex'), kind = $3, tenants = $4,
          revoked_at = case when key_hash = decode($1, 'hex') then revoked_at end
        where key_id = $2`,
      values: valuesOf(key),
    });
    return rowCount === 1;
  } catch (error) {
    throw errorCode(error) === UNIQUE_VIOLATION ? tokenTaken(key.keyId, error) : error;
  }
}

async function insertKey(pool: Pool, key: KeySetting): Promise<boolean> {
  const { rowCount } = await query(pool, {
    name: "insert-key",
    text: `
      insert into quotel.api_keys (key_hash, key_id, kind, tenants)
      values (decode($1, 'hex'), $2, $3, $4)
      on conflict do nothing`,
    values: valuesOf(key),
  });
  return rowCount === 1;
}

function valuesOf({ token, keyId, kind, tenants }: KeySetting): unknown[] {
  return [hashToken(token), keyId, kind, tenants ?? null];
}

function tokenTaken(keyId: string, cause?: unknown): Error {
  return new Error(`The token of key "${keyId}" already belongs to another key; give each key a token of its own`, {
    cause,
  });
}
