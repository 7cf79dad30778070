import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { ReservationKey } from "./read-reservations.ts";

/** What spans have settled of a reservation so far, by resource; empty where it does not exist. No lock. */
export async function readSettled(client: ClientBase, key: ReservationKey): Promise<ReadonlyMap<string, number>> {
  const { rows } = await query<{ resource: string; settled: number }>(client, {
    name: "read-settled",
    text: `
      select s.resource, s.settled
      from quotel.reservations r, unnest(r.resources, r.settled) as s (resource, settled)
      where r.tenant_id = $1 and r.reservation_id = $2`,
    values: [key.tenantId, key.reservationId],
  });
  return new Map(rows.map((row) => [row.resource, row.settled]));
}
