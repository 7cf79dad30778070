import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { utcDayText } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { STORED_COLUMNS, eventOf } from "./stored-event.ts";
import type { StoredRow } from "./stored-event.ts";
import type { UsageEvent } from "./usage-event.ts";

/** What the ledger holds under the identities of these rows, by identity. Claims never change, so no locks. */
export async function readStoredEvents(
  client: ClientBase,
  rows: readonly LedgerRow[],
): Promise<ReadonlyMap<string, UsageEvent>> {
  const result = await query<StoredRow & { day: number }>(client, {
    name: "read-stored-events",
    text: `
      select ${STORED_COLUMNS}, e.event_day - date '1970-01-01' as day
      from quotel.usage_events e
      where (e.tenant_id, e.event_day, e.trace_id, e.span_id)
        in (select t, d, i, ('x' || s)::bit(64)::bigint
          from unnest($1::text[], $2::date[], $3::uuid[], $4::text[]) as k (t, d, i, s))`,
    values: [
      textArray(rows.map((row) => row.event.tenantId)),
      plainArray(rows.map((row) => utcDayText(row.eventDay))),
      plainArray(rows.map((row) => row.event.traceId)),
      textArray(rows.map((row) => row.event.spanId)),
    ],
  });
  return new Map(
    result.rows.map((row) => [`${row.tenant_id} ${row.day} ${row.trace_id} ${row.span_id}`, eventOf(row)]),
  );
}
