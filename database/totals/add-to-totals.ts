import type { ClientBase } from "pg";
import { LIFETIME } from "../periods/period.ts";
import type { AccountingPeriods } from "../periods/period.ts";
import { query } from "../pool.ts";
import { instantArray, plainArray, textArray } from "../array-text.ts";

/** Sums to add to one (tenant, resource, period) total. Either may be negative. */
interface TotalDelta {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: "day" | "month" | "lifetime";
  readonly startMs: number;
  readonly endMs: number;
  used: number;
  reserved: number;
}

/** What one tenant uses and holds of one resource in one day. */
interface DayDelta {
  readonly tenantId: string;
  readonly resource: string;
  readonly periods: AccountingPeriods;
  used: number;
  reserved: number;
}

/** Collects what one transaction adds to quota totals, so that each row is written once. */
export class TotalDeltas {
  readonly #byDay = new Map<string, DayDelta>();

  /** Adds to the day, month and lifetime totals of one resource. */
  add(
    tenantId: string,
    resource: string,
    periods: AccountingPeriods,
    amounts: { readonly used?: number; readonly reserved?: number },
  ): void {
    const key = `${tenantId} ${resource} ${periods.day.startMs} ${periods.month.startMs}`;
    let delta = this.#byDay.get(key);
    if (!delta) {
      delta = { tenantId, resource, periods, used: 0, reserved: 0 };
      this.#byDay.set(key, delta);
    }
    delta.used += amounts.used ?? 0;
    delta.reserved += amounts.reserved ?? 0;
  }

  /** What is to be written, in primary-key order. */
  sorted(): TotalDelta[] {
    const byKey = new Map<string, TotalDelta>();
    for (const { tenantId, resource, periods, used, reserved } of this.#byDay.values()) {
      for (const [period, { startMs, endMs }] of [
        ["day", periods.day],
        ["month", periods.month],
        ["lifetime", LIFETIME],
      ] as const) {
        const key = `${tenantId} ${resource} ${period} ${startMs}`;
        const delta = byKey.get(key);
        if (!delta) byKey.set(key, { tenantId, resource, period, startMs, endMs, used, reserved });
        else {
          delta.used += used;
          delta.reserved += reserved;
        }
      }
    }
    return [...byKey.values()]
      .filter((delta) => delta.used !== 0 || delta.reserved !== 0)
      .sort(
        (a, b) =>
          compare(a.tenantId, b.tenantId) ||
          compare(a.resource, b.resource) ||
          compare(a.period, b.period) ||
          a.startMs - b.startMs,
      );
  }
}

/**
 * Adds to quota totals. The only statement that writes them; it runs last in its transaction, so these hottest rows are
 * locked for the shortest time. Rows arrive in primary-key order, so two writers cannot deadlock, and each is added to
 * (never set), so concurrent writers both count.
 */
export async function addToTotals(client: ClientBase, deltas: TotalDeltas): Promise<void> {
  const rows = deltas.sorted();
  if (rows.length === 0) return;
  await query(client, {
    name: "add-to-totals",
    text: `
      insert into quotel.quota_totals as t (tenant_id, resource, period, period_start, period_end, used, reserved)
      select * from unnest(
        $1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[])
      on conflict (tenant_id, resource, period, period_start)
      do update set used = t.used + excluded.used, reserved = t.reserved + excluded.reserved`,
    values: [
      textArray(rows.map((row) => row.tenantId)),
      textArray(rows.map((row) => row.resource)),
      plainArray(rows.map((row) => row.period)),
      instantArray(rows.map((row) => row.startMs)),
      instantArray(rows.map((row) => row.endMs)),
      plainArray(rows.map((row) => row.used)),
      plainArray(rows.map((row) => row.reserved)),
    ],
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
