import type { ClientBase } from "pg";
import type { ResourceAmount } from "../record/amounts.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import type { TotalDeltas } from "../totals/add-to-totals.ts";
import { lockOrCreateReservations } from "./lock-or-create.ts";
import { settle } from "./protocol.ts";
import { reservationKeyText } from "./read-reservations.ts";
import { writeReservationsAndTotals } from "./write-reservations.ts";
import type { ReservationChange } from "./write-reservations.ts";

/** What newly recorded events brought under one reservation. */
export interface Settlement {
  readonly tenantId: string;
  readonly reservationId: string;
  /** Accounting instant of the first of the events; stands in for the admission of a reservation not known yet. */
  readonly atMs: number;
  readonly amounts: readonly ResourceAmount[];
}

/**
 * Locks reservations and settles them with what newly recorded events brought, in the transaction that records the events
 * (I2); the caller writes the changes with the totals. A reservation that is not known yet gets a row in state `early`,
 * so a later reserve or close finds what has been settled.
 */
export async function settleReservations(
  client: ClientBase,
  settlements: readonly Settlement[],
  calendars: Calendars,
): Promise<ReservationChange[]> {
  if (settlements.length === 0) return [];
  const locked = await lockOrCreateReservations(client, settlements, calendars);
  return settlements.map((settlement) => {
    const before = locked.get(reservationKeyText(settlement.tenantId, settlement.reservationId))!;
    return { before, after: settle(before, settlement.amounts) };
  });
}

/** The same, and writes them and the quota totals. */
export async function settleReservationsAndTotals(
  client: ClientBase,
  settlements: readonly Settlement[],
  calendars: Calendars,
  deltas: TotalDeltas,
): Promise<void> {
  const changes = await settleReservations(client, settlements, calendars);
  await writeReservationsAndTotals(client, changes, calendars, deltas);
}
