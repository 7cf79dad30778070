import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";

/**
 * Which of these events are recorded already: their fingerprints by event id, null where the event was erased. Under the
 * chains' locks nobody can add one meanwhile.
 */
export async function readKnownEvents(
  client: ClientBase,
  keys: readonly { readonly tenantId: string; readonly eventId: string }[],
): Promise<ReadonlyMap<string, string | null>> {
  const { rows } = await query<{ event_id: string; fingerprint: string | null }>(client, {
    name: "read-known-audit-events",
    text: `
      select e.event_id::text as event_id, e.fingerprint::text as fingerprint
      from quotel.audit_events e
      where (e.tenant_id, e.event_id) in (select * from unnest($1::text[], $2::uuid[]))`,
    values: [textArray(keys.map((key) => key.tenantId)), plainArray(keys.map((key) => key.eventId))],
  });
  return new Map(rows.map((row) => [row.event_id, row.fingerprint]));
}
