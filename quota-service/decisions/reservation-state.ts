import type { ReservationState } from "@quotel/conventions";
import { holdOf } from "#database/reservations/protocol";
import type { Reservation } from "#database/reservations/protocol";

/** A reservation as the API shows it. That its spans are all here (`settled`) is our bookkeeping: it is closed. */
export function reservationStateOf(reservation: Reservation): ReservationState {
  const { reservationId, tenantId, phase, expiresAtMs, resources } = reservation;
  return {
    reservationId,
    tenantId,
    state: phase === "settled" ? "closed" : phase,
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString(),
    items: resources.map((item) => ({
      resource: item.resource,
      estimate: item.estimate,
      trueAmount: item.trueAmount,
      settled: item.settled,
      held: holdOf(phase, item),
    })),
  };
}
