import type { ClientBase } from "pg";
import { instantArray, textArray } from "../array-text.ts";
import type { AccountingPeriods } from "../periods/period.ts";
import { query } from "../pool.ts";
import type { Statement } from "../pool.ts";
import { totalPositionOf } from "./total-position.ts";

/** What one transaction adds to one row of `quotel.day_totals`: sums by position (from 1), any of them may be negative. */
interface DayDelta {
  readonly tenantId: string;
  readonly row: string;
  readonly periods: AccountingPeriods;
  readonly used: number[];
  readonly reserved: number[];
}

/** Collects what one transaction adds to the totals, so that each row is written once. */
export class TotalDeltas {
  readonly #byRow = new Map<string, DayDelta>();
  /** Amounts arrive by tenant, so the row is mostly the one before. */
  #last: DayDelta | undefined;

  /** Adds to what was used and is held of a resource on a day, and so to its month and lifetime. */
  add(
    tenantId: string,
    resource: string,
    periods: AccountingPeriods,
    amounts: { readonly used?: number; readonly reserved?: number },
  ): void {
    const { row, position } = totalPositionOf(resource);
    const delta = this.#deltaOf(tenantId, row, periods);
    if (amounts.used !== undefined) addAt(delta.used, position, amounts.used);
    if (amounts.reserved !== undefined) addAt(delta.reserved, position, amounts.reserved);
  }

  #deltaOf(tenantId: string, row: string, periods: AccountingPeriods): DayDelta {
    const last = this.#last;
    if (last?.tenantId === tenantId && last.row === row && last.periods === periods) return last;
    const key = `${tenantId} ${row} ${periods.day.startMs}`;
    let delta = this.#byRow.get(key);
    if (!delta) {
      delta = { tenantId, row, periods, used: [], reserved: [] };
      this.#byRow.set(key, delta);
    }
    this.#last = delta;
    return delta;
  }

  /** What is to be written, in primary-key order. */
  sorted(): DayDelta[] {
    return [...this.#byRow.values()]
      .filter(({ used, reserved }) => used.some((sum) => sum !== 0) || reserved.some((sum) => sum !== 0))
      .sort(
        (a, b) =>
          compare(a.tenantId, b.tenantId) || compare(a.row, b.row) || a.periods.day.startMs - b.periods.day.startMs,
      );
  }
}

/**
 * The only statement that writes totals; null where nothing is added. It runs last in its transaction, so these hottest
 * rows are locked for the shortest time. Rows arrive in primary-key order, so two writers cannot deadlock, and each is
 * added to (never set), so concurrent writers both count.
 */
export function addToTotalsStatement(deltas: TotalDeltas): Statement | null {
  const rows = deltas.sorted();
  if (rows.length === 0) return null;
  return {
    name: "add-to-totals",
    text: `
      insert into quotel.day_totals as t (
        tenant_id, resource, day_start, day_end, month_start, month_end, used, reserved)
      select tenant_id, resource, day_start, day_end, month_start, month_end, used::bigint[], reserved::bigint[]
      from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[],
        $7::text[], $8::text[])
        as added (tenant_id, resource, day_start, day_end, month_start, month_end, used, reserved)
      on conflict (tenant_id, resource, day_start) do update set
        used = quotel.add_amounts(t.used, excluded.used),
        -- Usage without reservations holds nothing.
        reserved = case when excluded.reserved = '{}' then t.reserved
          else quotel.add_amounts(t.reserved, excluded.reserved) end`,
    values: [
      textArray(rows.map((row) => row.tenantId)),
      textArray(rows.map((row) => row.row)),
      instantArray(rows.map((row) => row.periods.day.startMs)),
      instantArray(rows.map((row) => row.periods.day.endMs)),
      instantArray(rows.map((row) => row.periods.month.startMs)),
      instantArray(rows.map((row) => row.periods.month.endMs)),
      textArray(rows.map((row) => amountsText(row.used))),
      textArray(rows.map((row) => amountsText(row.reserved))),
    ],
  };
}

/** Runs `addToTotalsStatement`. */
export async function addToTotals(client: ClientBase, deltas: TotalDeltas): Promise<void> {
  const statement = addToTotalsStatement(deltas);
  if (statement !== null) await query(client, statement);
}

function addAt(sums: number[], position: number, amount: number): void {
  while (sums.length < position) sums.push(0);
  sums[position - 1]! += amount;
}

/** `bigint[]` literal. */
function amountsText(sums: readonly number[]): string {
  return `{${sums.join(",")}}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
