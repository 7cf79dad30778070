import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import { plainArray, textArray } from "../array-text.ts";
import { ledgerColumns } from "./ledger-row.ts";
import type { LedgerRow } from "./ledger-row.ts";

/** Column and array type, in the order of `ledgerColumns`. */
const COLUMNS = [
  ["tenant_id", "text"],
  ["event_day", "date"],
  ["trace_id", "uuid"],
  ["span_id", "bigint"],
  ["fingerprint", "bigint"],
  ["ended_at", "timestamptz"],
  ["accounted_at", "timestamptz"],
  ["duration_us", "bigint"],
  ["event_type", "text"],
  ["status", "quotel.usage_status"],
  ["resource", "text"],
  ["amount", "bigint"],
  ["input_tokens", "bigint"],
  ["output_tokens", "bigint"],
  ["cache_read_tokens", "bigint"],
  ["cache_write_tokens", "bigint"],
  ["reasoning_tokens", "bigint"],
  ["usage_source", "quotel.usage_source"],
  ["cost_nano_usd", "bigint"],
  ["provider", "text"],
  ["model", "text"],
  ["route", "text"],
  ["user_id", "text"],
  ["reservation_id", "uuid"],
  ["boot_id", "text"],
  ["seq", "bigint"],
  ["flags", "integer"],
  ["producer", "text"],
] as const;

const TEXT = `
  insert into quotel.usage_events (${COLUMNS.map(([name]) => name).join(", ")})
  select * from unnest(${COLUMNS.map(([, type], index) => `$${index + 1}::${type}[]`).join(", ")})
  on conflict (tenant_id, event_day, trace_id, span_id) do nothing
  returning concat_ws(' ', tenant_id, event_day, replace(trace_id::text, '-', ''), span_id) as identity`;

/**
 * Inserts rows into the ledger and returns those that were not there yet. The primary key decides, in the transaction
 * that also writes the effects, so an event counts once however often and wherever it is delivered (I1, I2). The only
 * statement that writes the ledger. `rows` must be distinct by identity and sorted by it: two writers that meet the same
 * rows then wait for one another in one order.
 */
export async function insertEvents(client: ClientBase, rows: readonly LedgerRow[]): Promise<LedgerRow[]> {
  const columns: (string | number | null)[][] = COLUMNS.map(() => []);
  for (const row of rows) {
    const values = ledgerColumns(row);
    for (let i = 0; i < columns.length; i++) columns[i]!.push(values[i] ?? null);
  }
  const { rows: inserted } = await query<{ identity: string }>(client, {
    name: "insert-events",
    text: TEXT,
    values: COLUMNS.map(([, type], index) =>
      type === "text" ? textArray(columns[index] as (string | null)[]) : plainArray(columns[index]!),
    ),
  });
  if (inserted.length === rows.length) return [...rows];
  const fresh = new Set(inserted.map((row) => row.identity));
  return rows.filter(({ event, eventDay, spanNumber }) =>
    fresh.has(`${event.tenantId} ${eventDay} ${event.traceId} ${spanNumber}`),
  );
}
