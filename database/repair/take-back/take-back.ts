import type { ClientBase } from "pg";
import { accountingPeriods } from "../../periods/period.ts";
import { query } from "../../pool.ts";
import { amountsOf } from "../../record/amounts.ts";
import type { ResourceAmount } from "../../record/amounts.ts";
import { STORED_COLUMNS, eventOf } from "../../record/stored-event.ts";
import type { StoredRow } from "../../record/stored-event.ts";
import { reservationKeyText } from "../../reservations/read-reservations.ts";
import { settleReservationsAndTotals } from "../../reservations/settle-reservations.ts";
import type { Settlement } from "../../reservations/settle-reservations.ts";
import { readCalendars } from "../../tenants/read-calendars.ts";
import { TotalDeltas } from "../../totals/add-to-totals.ts";
import { takeFromRollups } from "./take-from-rollups.ts";
import type { BatchRows } from "./take-from-rollups.ts";

type TakenRow = StoredRow & { readonly day_ms: number };

/**
 * Undoes what recording a folded batch added to rollups, totals and reservations, in the transaction that also deletes
 * the batch's ledger rows or makes tombstones of them: so at any commit the sums are those of the ledger (I3). Runs
 * under the rollups' lock. Tombstones in the batch count nowhere and are passed over.
 *
 * @returns how many events were taken back
 */
export async function takeBack(client: ClientBase, batchRows: BatchRows): Promise<number> {
  const rows = await readBatch(client, batchRows);
  if (rows.length === 0) return 0;
  const calendars = await readCalendars(client, [...new Set(rows.map((row) => row.tenant_id))]);
  await takeFromRollups(client, batchRows);
  const deltas = new TotalDeltas();
  const settlements = new Map<string, Settlement & { amounts: ResourceAmount[] }>();
  for (const row of rows) {
    const { tenant_id: tenantId, reservation_id: reservationId, day_ms: atMs } = row;
    const amounts = amountsOf(eventOf(row)).map(({ resource, amount }) => ({ resource, amount: -amount }));
    // The stored start of the day says which day it is, in whatever zone the tenant lived then.
    const periods = accountingPeriods(atMs, calendars.get(tenantId) ?? []);
    for (const { resource, amount } of amounts) deltas.add(tenantId, resource, periods, { used: amount });
    if (reservationId === null) continue;
    const key = reservationKeyText(tenantId, reservationId);
    const settlement = settlements.get(key);
    if (settlement) settlement.amounts.push(...amounts);
    else settlements.set(key, { tenantId, reservationId, atMs, amounts });
  }
  await settleReservationsAndTotals(client, [...settlements.values()], calendars, deltas);
  return rows.length;
}

async function readBatch(client: ClientBase, { batch, firstDay, lastDay }: BatchRows): Promise<TakenRow[]> {
  const { rows } = await query<TakenRow>(client, {
    name: "read-batch",
    text: `
      select ${STORED_COLUMNS}, (extract(epoch from e.day_start) * 1000)::bigint as day_ms
      from quotel.usage_events e
      where e.event_day between $2::date and $3::date and e.batch = $1 and e.moved_to is null`,
    values: [batch, firstDay, lastDay],
  });
  return rows;
}
