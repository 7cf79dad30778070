import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { instantOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { ChainLink } from "./chain.ts";
import { byteArray } from "./lock-chains.ts";

/** Moves the end of chains to their last links, one per tenant. The caller holds the chains' locks. */
export async function writeChainEnds(client: ClientBase, last: readonly ChainLink[]): Promise<void> {
  await query(client, {
    name: "write-audit-chain-ends",
    text: `
      update quotel.audit_chains c
      set last_seq = i.seq, last_hash = i.hash, last_recorded_at = i.recorded_at
      from unnest($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[]) as i (tenant_id, seq, hash, recorded_at)
      where c.tenant_id = i.tenant_id`,
    values: [
      textArray(last.map((link) => link.tenantId)),
      plainArray(last.map((link) => link.seq)),
      byteArray(last.map((link) => link.hash)),
      plainArray(last.map((link) => instantOfMicros(link.recordedAtMicros))),
    ],
  });
}
