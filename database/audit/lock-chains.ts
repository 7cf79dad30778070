import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import { chainStart } from "./chain.ts";
import type { ChainEnd } from "./chain.ts";

/** The end of a locked chain. */
export interface LockedChain extends ChainEnd {
  readonly tenantId: string;
  /** The instant to record what is appended now: the database's clock, never before the last row. */
  readonly nowMicros: number;
}

/**
 * Locks the chains of some tenants until the transaction ends, in primary-key order; new ones are begun first. Whoever
 * holds the lock is the only one to append, so links follow one another without gaps or forks. Comes last in the lock
 * order, everywhere.
 */
export async function lockChains(client: ClientBase, tenantIds: readonly string[]): Promise<LockedChain[]> {
  await query(client, {
    name: "insert-audit-chains",
    text: `
      insert into quotel.audit_chains (tenant_id, base_seq, base_hash, last_seq, last_hash, last_recorded_at)
      select tenant_id, 0, start, 0, start, 'epoch' from unnest($1::text[], $2::bytea[]) as k (tenant_id, start)
      order by tenant_id
      on conflict (tenant_id) do nothing`,
    values: [textArray(tenantIds), byteArray(tenantIds.map((tenantId) => chainStart(tenantId).hash))],
  });
  const { rows } = await query<{ tenant_id: string; last_seq: number; last_hash: Buffer; now_micros: number }>(client, {
    name: "lock-audit-chains",
    text: `
      select tenant_id, last_seq, last_hash,
        (extract(epoch from greatest(clock_timestamp(), last_recorded_at)) * 1000000)::bigint as now_micros
      from quotel.audit_chains
      where tenant_id = any ($1::text[])
      order by tenant_id
      for no key update`,
    values: [textArray(tenantIds)],
  });
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    seq: row.last_seq,
    hash: row.last_hash,
    nowMicros: row.now_micros,
  }));
}

/** Array literal of bytes. */
export function byteArray(values: readonly Buffer[]): string {
  return plainArray(values.map((value) => `"\\\\x${value.toString("hex")}"`));
}
