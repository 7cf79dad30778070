import type { ClientBase } from "pg";
import { UNIQUE_VIOLATION, errorCode } from "../sqlstate.ts";
import { utcDayText } from "../periods/instant.ts";
import { copyRows } from "./copy-format.ts";
import { copyIn } from "./copy-in.ts";
import { LEDGER_COLUMNS, LEDGER_COLUMN_NAMES } from "./ledger-columns.ts";
import type { LedgerRow } from "./ledger-row.ts";

/**
 * Writes rows into the ledger by COPY, straight into the daily partitions, in the hope that none is there yet: the fastest
 * way in. Where one is, the primary key objects and the transaction is lost (`isRepeated`): the caller starts again with
 * `insertEvents`, which looks at each row. Either way the primary key decides, in the transaction that also writes the
 * effects (I1, I2). `rows` must be distinct by identity and sorted by it, so that two writers of the same rows wait for
 * one another in one order. All is sent at once, so other statements may follow without waiting.
 */
export function copyEvents(client: ClientBase, rows: readonly LedgerRow[], batch: number): Promise<void> {
  const copies = byDay(rows).map(([day, rowsOfDay]) => {
    const partition = `quotel.usage_events_${utcDayText(day).replaceAll("-", "")}`;
    const statement = `copy ${partition} (${LEDGER_COLUMN_NAMES}) from stdin (format binary)`;
    return copyIn(client, statement, copyRows(rowsOfDay, batch, LEDGER_COLUMNS));
  });
  return Promise.all(copies).then(() => {});
}

/** Whether a COPY found a row that was in the ledger already. */
export function isRepeated(error: unknown): boolean {
  if (errorCode(error) !== UNIQUE_VIOLATION) return false;
  return error instanceof Error && "table" in error && String(error.table).startsWith("usage_events_");
}

/** Ascending, as everywhere. */
function byDay(rows: readonly LedgerRow[]): [number, LedgerRow[]][] {
  const days = new Map<number, LedgerRow[]>();
  for (const row of rows) {
    const rowsOfDay = days.get(row.eventDay);
    if (rowsOfDay) rowsOfDay.push(row);
    else days.set(row.eventDay, [row]);
  }
  return [...days].sort(([a], [b]) => a - b);
}
