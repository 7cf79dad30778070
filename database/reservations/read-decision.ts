import type { ClientBase } from "pg";
import type { ReservationDecision } from "@quotel/conventions";
import { query } from "../pool.ts";
import type { ReservationKey } from "./read-reservations.ts";

/** The decision that admitted a reservation, as it was answered; null where none was made. */
export async function readDecision(client: ClientBase, key: ReservationKey): Promise<ReservationDecision | null> {
  const { rows } = await query<{ decision: ReservationDecision | null }>(client, {
    name: "read-decision",
    text: "select decision from quotel.reservations where tenant_id = $1 and reservation_id = $2",
    values: [key.tenantId, key.reservationId],
  });
  return rows[0]?.decision ?? null;
}
