import type { ClientBase } from "pg";
import { accountingPeriods } from "../periods/period.ts";
import type { ResourceAmount } from "../record/amounts.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import type { TotalDeltas } from "../totals/add-to-totals.ts";
import { earlyReservation, settle } from "./protocol.ts";
import type { Reservation } from "./protocol.ts";
import { lockReservations, reservationKeyText } from "./read-reservations.ts";
import { writeReservations } from "./write-reservations.ts";
import { insertEarlyReservations } from "./insert-early-reservations.ts";

/** What newly recorded events brought under one reservation. */
export interface Settlement {
  readonly tenantId: string;
  readonly reservationId: string;
  /** Accounting instant of the first of the events; stands in for the admission of a reservation not known yet. */
  readonly atMs: number;
  readonly amounts: readonly ResourceAmount[];
}

/**
 * Settles reservations with what newly recorded events brought, in the transaction that recorded them (I2). A
 * reservation that is not known yet gets a row in state `early`, so a later reserve or close finds what has been settled.
 */
export async function settleReservations(
  client: ClientBase,
  settlements: readonly Settlement[],
  calendars: Calendars,
  deltas: TotalDeltas,
): Promise<void> {
  if (settlements.length === 0) return;
  const locked = await lockOrCreate(client, settlements, calendars);
  const changes = settlements.map((settlement) => {
    const before = locked.get(reservationKeyText(settlement.tenantId, settlement.reservationId))!;
    return { before, after: settle(before, settlement.amounts) };
  });
  await writeReservations(client, changes, calendars, deltas);
}

async function lockOrCreate(
  client: ClientBase,
  settlements: readonly Settlement[],
  calendars: Calendars,
): Promise<ReadonlyMap<string, Reservation>> {
  const byKey = (rows: readonly Reservation[]): Map<string, Reservation> =>
    new Map(rows.map((row) => [reservationKeyText(row.tenantId, row.reservationId), row]));
  const known = byKey(await lockReservations(client, settlements));
  const unknown = settlements.filter((it) => !known.has(reservationKeyText(it.tenantId, it.reservationId)));
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
  return byKey(await lockReservations(client, settlements));
}
