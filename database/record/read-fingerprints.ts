import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** The stored fingerprints of rows that are in the ledger already, by identity. Ledger rows never change, so no locks. */
export async function readFingerprints(
  client: ClientBase,
  rows: readonly LedgerRow[],
): Promise<ReadonlyMap<string, string>> {
  const result = await query<{ identity: string; fingerprint: string }>(client, {
    name: "read-fingerprints",
    text: `
      select concat_ws(' ', tenant_id, event_day, replace(trace_id::text, '-', ''), lpad(to_hex(span_id), 16, '0'))
        as identity, fingerprint::text as fingerprint
      from quotel.usage_events
      where (tenant_id, event_day, trace_id, span_id)
        in (select * from unnest($1::text[], $2::date[], $3::uuid[], $4::bigint[]))`,
    values: [
      rows.map((row) => row.event.tenantId),
      rows.map((row) => row.eventDay),
      rows.map((row) => row.event.traceId),
      rows.map((row) => row.spanNumber),
    ],
  });
  return new Map(result.rows.map((row) => [row.identity, row.fingerprint]));
}
