import type { Pool } from "pg";
import { readClock } from "../periods/read-clock.ts";
import { readCalendars } from "../tenants/read-calendars.ts";
import { TotalDeltas } from "../totals/add-to-totals.ts";
import { inTransaction } from "../transaction.ts";
import { expire } from "./protocol.ts";
import { lockDueReservations } from "./read-reservations.ts";
import { writeReservationsAndTotals } from "./write-reservations.ts";

const BATCH = 500;

/** Reservations whose time ran out: freed, or kept to the end of their period. */
export interface Expired {
  readonly released: number;
  readonly kept: number;
}

/**
 * Ends reservations whose time has run out, and frees what they hold unless it is to be kept. Decisions already reckon
 * like this (they compare the clock), so this is upkeep: any number of processes may run it, as often as they like.
 */
export async function expireDueReservations(pool: Pool): Promise<Expired> {
  let released = 0;
  let kept = 0;
  for (;;) {
    const ended = await inTransaction(pool, async (client) => {
      const due = await lockDueReservations(client, BATCH);
      const calendars = await readCalendars(client, [...new Set(due.map((it) => it.tenantId))]);
      const nowMs = await readClock(client);
      const changes = due.map((before) => ({ before, after: expire(before, nowMs) }));
      await writeReservationsAndTotals(client, changes, calendars, new TotalDeltas());
      return changes.map(({ after }) => after.phase);
    });
    const nowKept = ended.filter((phase) => phase === "kept").length;
    kept += nowKept;
    released += ended.length - nowKept;
    if (ended.length < BATCH) return { released, kept };
  }
}
