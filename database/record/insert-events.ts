import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { instantOfMicros, utcDayText } from "../periods/instant.ts";
import { query } from "../pool.ts";
import { LEDGER_COLUMNS, LEDGER_COLUMN_NAMES, requireExact } from "./ledger-columns.ts";
import type { ColumnType, ColumnValue } from "./ledger-columns.ts";
import type { LedgerRow } from "./ledger-row.ts";

const SQL_TYPES: Readonly<Record<ColumnType, string>> = {
  text: "text",
  usage_status: "quotel.usage_status",
  usage_source: "quotel.usage_source",
  jsonb: "jsonb",
  bigint: "bigint",
  integer: "integer",
  bits64: "bigint",
  uuid: "uuid",
  date: "date",
  timestamptz: "timestamptz",
};

const TEXT = `
  insert into quotel.usage_events (${LEDGER_COLUMN_NAMES})
  select * from unnest(${LEDGER_COLUMNS.map(({ type }, index) => `$${index + 1}::${SQL_TYPES[type]}[]`).join(", ")})
  on conflict (tenant_id, event_day, trace_id, span_id) do nothing
  returning concat_ws(' ', tenant_id, event_day - date '1970-01-01', replace(trace_id::text, '-', ''),
    lpad(to_hex(span_id), 16, '0')) as identity`;

/**
 * Inserts rows into the ledger and returns the identities (see `identityOf`) of those that were not there yet. The
 * primary key decides, in the transaction that also writes the effects, so an event counts once however often and
 * wherever it is delivered (I1, I2). `rows` must be distinct by identity and sorted by it: two writers that meet the same
 * rows then wait for one another in one order.
 */
export async function insertEvents(
  client: ClientBase,
  rows: readonly LedgerRow[],
  batch: number,
): Promise<ReadonlySet<string>> {
  const inserted = await query<{ identity: string }>(client, {
    name: "insert-events",
    text: TEXT,
    values: LEDGER_COLUMNS.map(({ type, of }) => {
      const values = rows.map((row) => of(row, batch));
      return type === "text" || type === "jsonb"
        ? textArray(values as (string | null)[])
        : plainArray(values.map((value) => literalOf(type, value)));
    }),
  });
  return new Set(inserted.rows.map((row) => row.identity));
}

function literalOf(type: ColumnType, value: ColumnValue): ColumnValue {
  if (typeof value === "number") requireExact(value, type);
  if (type === "bits64" && typeof value === "string") return BigInt.asIntN(64, BigInt(`0x${value}`)).toString();
  if (type === "timestamptz" && typeof value === "number") return instantOfMicros(value);
  if (type === "date" && typeof value === "number") return utcDayText(value);
  return value;
}
