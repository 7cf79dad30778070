import type { ClientBase } from "pg";
import { accountingPeriods } from "../periods/period.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import { insertEarlyReservations } from "./insert-early-reservations.ts";
import { earlyReservation } from "./protocol.ts";
import type { Reservation } from "./protocol.ts";
import { lockReservations, reservationKeyText } from "./read-reservations.ts";
import type { ReservationKey } from "./read-reservations.ts";

/**
 * Locks reservations, by `reservationKeyText`. Those that nobody has made yet get an empty row in state `early`, as if
 * admitted at `atMs`, so what follows (a settlement, a close, a release) is there for whoever comes later.
 */
export async function lockOrCreateReservations(
  client: ClientBase,
  keys: readonly (ReservationKey & { readonly atMs: number })[],
  calendars: Calendars,
): Promise<Map<string, Reservation>> {
  const known = byKey(await lockReservations(client, keys));
  const unknown = keys.filter((key) => !known.has(reservationKeyText(key.tenantId, key.reservationId)));
  if (unknown.length === 0) return known;
  await insertEarlyReservations(
    client,
    unknown.map(({ tenantId, reservationId, atMs }) => {
      const { day, month } = accountingPeriods(atMs, calendars.get(tenantId) ?? []);
      const at = { admittedAtMs: atMs, dayStartMs: day.startMs, monthStartMs: month.startMs };
      return earlyReservation(tenantId, reservationId, at);
    }),
  );
  // Whoever inserted it, the row is there now: lock everything again and read what the winner wrote.
  return byKey(await lockReservations(client, keys));
}

function byKey(rows: readonly Reservation[]): Map<string, Reservation> {
  return new Map(rows.map((row) => [reservationKeyText(row.tenantId, row.reservationId), row]));
}
