import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { LIFETIME } from "../periods/period.ts";
import type { AccountingPeriods } from "../periods/period.ts";
import { query } from "../pool.ts";

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

/** Collects what one transaction adds to quota totals, so that each row is written once. */
export class TotalDeltas {
  readonly #byKey = new Map<string, TotalDelta>();

  /** Adds to the day, month and lifetime totals of one resource. */
  add(
    tenantId: string,
    resource: string,
    { day, month }: AccountingPeriods,
    amounts: { readonly used?: number; readonly reserved?: number },
  ): void {
    for (const [period, { startMs, endMs }] of [
      ["day", day],
      ["month", month],
      ["lifetime", LIFETIME],
    ] as const) {
      const key = `${tenantId} ${resource} ${period} ${startMs}`;
      let delta = this.#byKey.get(key);
      if (!delta) {
        delta = { tenantId, resource, period, startMs, endMs, used: 0, reserved: 0 };
        this.#byKey.set(key, delta);
      }
      delta.used += amounts.used ?? 0;
      delta.reserved += amounts.reserved ?? 0;
    }
  }

  /** What is to be written, in primary-key order. */
  sorted(): TotalDelta[] {
    return [...this.#byKey.values()]
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
      rows.map((row) => row.tenantId),
      rows.map((row) => row.resource),
      rows.map((row) => row.period),
      rows.map((row) => instantOfMs(row.startMs)),
      rows.map((row) => instantOfMs(row.endMs)),
      rows.map((row) => row.used),
      rows.map((row) => row.reserved),
    ],
  });
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
