import type { ClientBase, Pool } from "pg";
import { insertCrossings } from "#database/limits/insert-crossings";
import { writeRateWindows } from "#database/limits/write-rate-windows";
import { lockReservations } from "#database/reservations/read-reservations";
import { writeReservationsAndTotals } from "#database/reservations/write-reservations";
import { UNIQUE_VIOLATION, errorCode, isRetryable } from "#database/sqlstate";
import { calendarsOf, lockTenants } from "#database/tenants/read-tenants";
import { TotalDeltas } from "#database/totals/add-to-totals";
import { inTransactionEndingWith } from "#database/transaction";
import { AdmissionDesk } from "./admission-desk.ts";
import type { AdmitOutcome, AdmitRequest } from "./admission-desk.ts";
import { askedBy, readFacts } from "./read-facts.ts";
import type { DecisionSources } from "./read-facts.ts";

/** Who lost a race runs again; nothing of the failed attempt is left. */
const ATTEMPTS_MAX = 5;

/**
 * The reserve transaction (I8): lock the tenants, then read used, reserved and the clock in new statements, judge the
 * requests in order of arrival, write the rows that hold, and last the totals. Null for a tenant that someone else has
 * locked (`wait` false).
 *
 * @param sent called when all is decided and sent, and only the commit is waited for
 */
export async function admitGroup(
  pool: Pool,
  sources: DecisionSources,
  group: readonly AdmitRequest[],
  wait: boolean,
  sent: () => void,
): Promise<(AdmitOutcome | null)[]> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await inTransactionEndingWith(pool, (client) => admit(client, sources, group, wait, sent));
    } catch (error) {
      // A unique violation: a span or a close has made a reservation's row since we looked.
      const lostRace = isRetryable(error) || errorCode(error) === UNIQUE_VIOLATION;
      if (!lostRace || attempts >= ATTEMPTS_MAX) throw error;
    }
  }
}

async function admit(
  client: ClientBase,
  sources: DecisionSources,
  group: readonly AdmitRequest[],
  wait: boolean,
  sent: () => void,
): Promise<{ readonly result: (AdmitOutcome | null)[]; readonly written: Promise<unknown> }> {
  const asked = askedBy(group);
  // In one flight, one after the other: what is read is read with the locks held.
  const locking = lockTenants(client, [...asked.keys()], wait);
  const [tenants, locked, facts] = await Promise.all([
    locking,
    lockReservations(client, group),
    readFacts(client, sources, asked, locking),
  ]);
  const desk = new AdmissionDesk(client, locked, facts);
  const outcomes: (AdmitOutcome | null)[] = [];
  for (const request of group) {
    const tenant = tenants.get(request.tenantId);
    outcomes.push(tenant ? await desk.serve(request, tenant) : null);
  }
  // Sent in one turn, with the commit behind them.
  const written = Promise.all([
    insertCrossings(client, facts.newCrossings()),
    writeRateWindows(client, facts.newWindows()),
    writeReservationsAndTotals(client, desk.changes(), calendarsOf(tenants), new TotalDeltas()),
  ]);
  sent();
  return { result: outcomes, written };
}
