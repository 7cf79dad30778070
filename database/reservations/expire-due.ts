import type { Pool } from "pg";
import { readClock } from "../periods/read-clock.ts";
import { readCalendars } from "../tenants/read-calendars.ts";
import { TotalDeltas } from "../totals/add-to-totals.ts";
import { inTransaction } from "../transaction.ts";
import { expire } from "./protocol.ts";
import { lockDueReservations } from "./read-reservations.ts";
import { writeReservationsAndTotals } from "./write-reservations.ts";

const BATCH = 500;

/**
 * Ends reservations whose time has run out, and frees what they hold unless it is to be kept. Decisions already reckon
 * like this (they compare the clock), so this is upkeep: any number of processes may run it, as often as they like.
 *
 * @returns how many were ended
 */
export async function expireDueReservations(pool: Pool): Promise<number> {
  let ended = 0;
  for (;;) {
    const batch = await inTransaction(pool, async (client) => {
      const due = await lockDueReservations(client, BATCH);
      const calendars = await readCalendars(client, [...new Set(due.map((it) => it.tenantId))]);
      const nowMs = await readClock(client);
      const changes = due.map((before) => ({ before, after: expire(before, nowMs) }));
      await writeReservationsAndTotals(client, changes, calendars, new TotalDeltas());
      return due.length;
    });
    ended += batch;
    if (batch < BATCH) return ended;
  }
}
