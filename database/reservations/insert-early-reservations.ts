import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { query } from "../pool.ts";
import type { Reservation } from "./protocol.ts";

/**
 * Makes empty rows for reservations that nobody has made yet. A row that exists is left alone: a reserve, a close and a
 * span that race to be first meet in the primary key, and the losers lock the winner's row afterwards.
 */
export async function insertEarlyReservations(client: ClientBase, reservations: readonly Reservation[]): Promise<void> {
  const rows = [...reservations].sort((a, b) =>
    a.tenantId === b.tenantId ? (a.reservationId < b.reservationId ? -1 : 1) : a.tenantId < b.tenantId ? -1 : 1,
  );
  await query(client, {
    name: "insert-early-reservations",
    text: `
      insert into quotel.reservations (
        tenant_id, reservation_id, state, admitted_at, day_start, month_start,
        resources, estimates, settled, held, late_after_expiry)
      select tenant_id, reservation_id, 'early', admitted_at, day_start, month_start, '{}', '{}', '{}', '{}', '{}'
      from unnest($1::text[], $2::uuid[], $3::timestamptz[], $4::timestamptz[], $5::timestamptz[])
        as input (tenant_id, reservation_id, admitted_at, day_start, month_start)
      on conflict (tenant_id, reservation_id) do nothing`,
    values: [
      rows.map((row) => row.tenantId),
      rows.map((row) => row.reservationId),
      rows.map((row) => instantOfMs(row.admittedAtMs)),
      rows.map((row) => instantOfMs(row.dayStartMs)),
      rows.map((row) => instantOfMs(row.monthStartMs)),
    ],
  });
}
