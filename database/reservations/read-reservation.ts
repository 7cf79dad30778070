import type { Pool } from "pg";
import { inTransaction } from "../transaction.ts";
import type { Reservation } from "./protocol.ts";
import { readDecision } from "./read-decision.ts";
import { lockReservations } from "./read-reservations.ts";
import type { ReservationKey } from "./read-reservations.ts";
import type { ReservationDecision } from "@quotel/conventions";

/** A reservation with the decision that admitted it; null where none has. Both are from one instant. */
export async function readReservation(
  pool: Pool,
  key: ReservationKey,
): Promise<{ readonly reservation: Reservation; readonly decision: ReservationDecision } | null> {
  return inTransaction(pool, async (client) => {
    const [reservation] = await lockReservations(client, [key]);
    const decision = await readDecision(client, key);
    return reservation === undefined || decision === null ? null : { reservation, decision };
  });
}
