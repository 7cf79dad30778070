import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { instantOfMicros } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { ChainLink } from "./chain.ts";
import { byteArray } from "./lock-chains.ts";

/**
 * Appends links to their tenants' chains. The only statement that adds audit events; its caller holds the chains' locks.
 * The primary key refuses a second link at a position, the unique key a second event of one identity, whatever happens.
 */
export async function insertLinks(client: ClientBase, links: readonly ChainLink[]): Promise<void> {
  await query(client, {
    name: "insert-audit-links",
    text: `
      insert into quotel.audit_events (
        tenant_id, seq, event_id, recorded_at, fingerprint, payload, payload_hash, prev_hash, hash)
      select * from unnest($1::text[], $2::bigint[], $3::uuid[], $4::timestamptz[], $5::bigint[], $6::json[],
        $7::bytea[], $8::bytea[], $9::bytea[])`,
    values: [
      textArray(links.map((link) => link.tenantId)),
      plainArray(links.map((link) => link.seq)),
      plainArray(links.map((link) => link.eventId)),
      plainArray(links.map((link) => instantOfMicros(link.recordedAtMicros))),
      plainArray(links.map((link) => link.fingerprint)),
      textArray(links.map((link) => link.payload)),
      byteArray(links.map((link) => link.payloadHash)),
      byteArray(links.map((link) => link.prevHash)),
      byteArray(links.map((link) => link.hash)),
    ],
  });
}
