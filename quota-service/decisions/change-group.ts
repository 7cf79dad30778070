import type { ClientBase, Pool } from "pg";
import type { QuotaItem } from "@quotel/conventions";
import { readClock } from "#database/periods/read-clock";
import { lockOrCreateReservations } from "#database/reservations/lock-or-create";
import { close, end, isLive } from "#database/reservations/protocol";
import type { Reservation } from "#database/reservations/protocol";
import { reservationKeyText } from "#database/reservations/read-reservations";
import { writeReservationsAndTotals } from "#database/reservations/write-reservations";
import { isRetryable } from "#database/sqlstate";
import { readCalendars } from "#database/tenants/read-calendars";
import { TotalDeltas } from "#database/totals/add-to-totals";
import { inTransactionEndingWith } from "#database/transaction";
import type { CloseRequest, PatchOutcome, ReleaseRequest } from "./contract.ts";
import { reservationStateOf } from "./reservation-state.ts";

/** Changes that state the truth or give back: they need no decision, and so not the tenant's lock. */
export type ChangeRequest =
  (Omit<CloseRequest, "settle"> & { readonly action: "close" }) | (ReleaseRequest & { readonly action: "release" });

/** How long a closed reservation waits for its spans: at least as long as an app's spool keeps them. */
const SETTLE_WITHIN_MS = 24 * 3_600_000;
const ATTEMPTS_MAX = 5;

/**
 * Closes and releases that wait share one transaction: lock the rows, change each, write them, then the totals.
 *
 * @param sent called when all is sent, and only the commit is waited for
 */
export async function changeGroup(
  pool: Pool,
  group: readonly ChangeRequest[],
  sent: () => void,
): Promise<PatchOutcome[]> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await inTransactionEndingWith(pool, async (client) => {
        const changed = await change(client, group);
        sent();
        return changed;
      });
    } catch (error) {
      if (!isRetryable(error) || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

/** The same inside a transaction of the caller's, who waits for what has been sent (`written`). */
export async function change(
  client: ClientBase,
  group: readonly ChangeRequest[],
): Promise<{ readonly result: PatchOutcome[]; readonly written: Promise<void> }> {
  const [calendars, atMs] = await Promise.all([
    readCalendars(client, [...new Set(group.map((request) => request.tenantId))]),
    readClock(client),
  ]);
  const before = await lockOrCreateReservations(client, distinct(group, atMs), calendars);
  // Expiry is judged by the clock after the locks: whoever held a row may have taken its time.
  const nowMs = await readClock(client);
  const current = new Map(before);
  const outcomes = group.map((request): PatchOutcome => {
    const key = reservationKeyText(request.tenantId, request.reservationId);
    const changed = afterRequest(current.get(key)!, request, nowMs);
    if (changed === null) return { kind: "ended" };
    current.set(key, changed);
    return { kind: "changed", state: reservationStateOf(changed) };
  });
  const changes = [...current].flatMap(([key, after]) =>
    after === before.get(key) ? [] : [{ before: before.get(key)!, after }],
  );
  return { result: outcomes, written: writeReservationsAndTotals(client, changes, calendars, new TotalDeltas()) };
}

/** The reservation after the request, or null where it has ended and cannot change any more. */
function afterRequest(reservation: Reservation, request: ChangeRequest, nowMs: number): Reservation | null {
  const { phase } = reservation;
  const live = phase === "early" || isLive(reservation, nowMs);
  if (request.action === "release") {
    return live && phase !== "closed" ? end(reservation, "released") : null;
  }
  if (phase === "closed" || phase === "settled") {
    // A caller that did not get the answer closes again: the same truth changes nothing.
    return isClosedAt(reservation, request.items) ? reservation : null;
  }
  return live ? close(reservation, request.items, { closedAtMs: nowMs, settleByMs: nowMs + SETTLE_WITHIN_MS }) : null;
}

function isClosedAt(reservation: Reservation, items: readonly QuotaItem[]): boolean {
  return items.every(({ resource, amount }) =>
    reservation.resources.some((item) => item.resource === resource && item.trueAmount === amount),
  );
}

function distinct(
  group: readonly ChangeRequest[],
  atMs: number,
): { tenantId: string; reservationId: string; atMs: number }[] {
  const keys = new Map(
    group.map(({ tenantId, reservationId }) => [
      reservationKeyText(tenantId, reservationId),
      { tenantId, reservationId, atMs },
    ]),
  );
  return [...keys.values()];
}
