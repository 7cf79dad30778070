import type { Pool } from "pg";
import { readCalendars } from "../tenants/read-calendars.ts";
import { TotalDeltas } from "../totals/add-to-totals.ts";
import { inTransaction } from "../transaction.ts";
import { end } from "./protocol.ts";
import { lockDueReservations } from "./read-reservations.ts";
import { writeReservationsAndTotals } from "./write-reservations.ts";

const BATCH = 500;

/**
 * Ends reservations whose time has run out and frees what they hold. Decisions already count such a hold as nothing
 * (they compare the clock), so this is upkeep: any number of processes may run it, as often as they like.
 *
 * @returns how many were ended
 */
export async function expireDueReservations(pool: Pool): Promise<number> {
  let ended = 0;
  for (;;) {
    const batch = await inTransaction(pool, async (client) => {
      const due = await lockDueReservations(client, BATCH);
      const calendars = await readCalendars(client, [...new Set(due.map((it) => it.tenantId))]);
      const changes = due.map((before) => ({ before, after: end(before, "expired") }));
      await writeReservationsAndTotals(client, changes, calendars, new TotalDeltas());
      return due.length;
    });
    ended += batch;
    if (batch < BATCH) return ended;
  }
}
