import type { Pool } from "pg";
import { accountingPeriods } from "../../periods/period.ts";
import { reservationKeyText } from "../../reservations/read-reservations.ts";
import { settleReservationsAndTotals } from "../../reservations/settle-reservations.ts";
import type { Settlement } from "../../reservations/settle-reservations.ts";
import { lockRollups } from "../../rollups/lock-rollups.ts";
import { readCalendars } from "../../tenants/read-calendars.ts";
import { TotalDeltas } from "../../totals/add-to-totals.ts";
import { asOwner } from "../../operator/as-owner.ts";
import { repriceRows } from "./reprice-rows.ts";
import type { NewPrice, RepricedRow } from "./reprice-rows.ts";
import { repriceRollups } from "./reprice-rollups.ts";

/**
 * Gives events of one day of the ledger their new costs. In one transaction with all that follows from them: rollups, the
 * totals of `cost`, and what reservations of `cost` have settled, each by the difference; nothing else changes. Ingest goes
 * on meanwhile: it adds to other rows of the ledger, and to totals as this does. Lock order as everywhere: ledger,
 * rollups, reservations, totals.
 *
 * @returns the rows that were changed: not those that somebody else has changed since they were read
 */
export async function applyPrices(pool: Pool, eventDay: string, prices: readonly NewPrice[]): Promise<RepricedRow[]> {
  return asOwner(pool, async (client) => {
    await lockRollups(client);
    const rows = await repriceRows(client, eventDay, prices);
    await repriceRollups(client, rows);
    const charged = rows.filter((row) => differenceOf(row) !== 0);
    const calendars = await readCalendars(client, [...new Set(charged.map((row) => row.tenant_id))]);
    const deltas = new TotalDeltas();
    for (const row of charged) {
      const periods = accountingPeriods(row.accounted_ms, calendars.get(row.tenant_id) ?? []);
      deltas.add(row.tenant_id, "cost", periods, { used: differenceOf(row) });
    }
    await settleReservationsAndTotals(client, settlementsOf(charged), calendars, deltas);
    return rows;
  });
}

function differenceOf({ before, after }: RepricedRow): number {
  return (after ?? 0) - (before ?? 0);
}

function settlementsOf(rows: readonly RepricedRow[]): Settlement[] {
  const settlements = new Map<string, Settlement & { amounts: { resource: string; amount: number }[] }>();
  for (const row of rows) {
    if (row.reservation_id === null) continue;
    const { tenant_id: tenantId, reservation_id: reservationId, accounted_ms: atMs } = row;
    const key = reservationKeyText(tenantId, reservationId);
    const amount = { resource: "cost", amount: differenceOf(row) };
    const settlement = settlements.get(key);
    if (settlement) settlement.amounts.push(amount);
    else settlements.set(key, { tenantId, reservationId, atMs, amounts: [amount] });
  }
  return [...settlements.values()];
}
