import type { ReservationDecision } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { instantOfMs } from "../periods/instant.ts";
import { accountingPeriods } from "../periods/period.ts";
import { query } from "../pool.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import { addToTotals } from "../totals/add-to-totals.ts";
import type { TotalDeltas } from "../totals/add-to-totals.ts";
import { holdOf } from "./protocol.ts";
import type { Reservation } from "./protocol.ts";

/** A reservation as it was (null: it did not exist) and as it is to be. */
export interface ReservationChange {
  readonly before: Reservation | null;
  readonly after: Reservation;
  /** The decision that admitted it, kept as it was answered; leave out to keep what is stored. */
  readonly decision?: ReservationDecision | undefined;
}

/**
 * Writes reservations, and with the quota totals the difference of their holds (beside what `deltas` brings): so
 * `reserved` stays the sum of the rows' holds (I10). Rows that exist must be locked by the caller. Totals come last, as
 * everywhere; both statements share a flight.
 */
export async function writeReservationsAndTotals(
  client: ClientBase,
  changes: readonly ReservationChange[],
  calendars: Calendars,
  deltas: TotalDeltas,
): Promise<void> {
  for (const change of changes) addHoldDifference(change, calendars, deltas);
  await Promise.all([writeReservations(client, changes), addToTotals(client, deltas)]);
}

/** The only statement that writes reservations. Rows arrive in primary-key order. */
async function writeReservations(client: ClientBase, changes: readonly ReservationChange[]): Promise<void> {
  if (changes.length === 0) return;
  const sorted = [...changes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  await query(client, {
    name: "write-reservations",
    text: `
      insert into quotel.reservations as r (
        tenant_id, reservation_id, state, request_hash, decision, admitted_at, day_start, month_start, expires_at,
        resources, estimates, true_amounts, settled, held, late_after_expiry)
      select
        tenant_id, reservation_id, state, decode(request_hash, 'hex'), decision, admitted_at, day_start, month_start,
        expires_at, resources, estimates, true_amounts, settled, held, late_after_expiry
      from jsonb_to_recordset($1::jsonb) as input (
        tenant_id text, reservation_id uuid, state text, request_hash text, decision jsonb, admitted_at timestamptz,
        day_start timestamptz, month_start timestamptz, expires_at timestamptz, resources text[], estimates bigint[],
        true_amounts bigint[], settled bigint[], held bigint[], late_after_expiry bigint[])
      on conflict (tenant_id, reservation_id) do update set
        state = excluded.state, request_hash = excluded.request_hash,
        decision = coalesce(excluded.decision, r.decision),
        admitted_at = excluded.admitted_at, day_start = excluded.day_start, month_start = excluded.month_start,
        expires_at = excluded.expires_at, resources = excluded.resources, estimates = excluded.estimates,
        true_amounts = excluded.true_amounts, settled = excluded.settled, held = excluded.held,
        late_after_expiry = excluded.late_after_expiry`,
    values: [JSON.stringify(sorted.map(recordOf))],
  });
}

function addHoldDifference({ before, after }: ReservationChange, calendars: Calendars, deltas: TotalDeltas): void {
  const versions = calendars.get(after.tenantId) ?? [];
  const apply = (reservation: Reservation, sign: 1 | -1): void => {
    const periods = accountingPeriods(reservation.admittedAtMs, versions);
    for (const item of reservation.resources) {
      const held = holdOf(reservation.phase, item);
      if (held !== 0) deltas.add(reservation.tenantId, item.resource, periods, { reserved: sign * held });
    }
  };
  if (before) apply(before, -1);
  apply(after, 1);
}

function recordOf({ after, decision }: ReservationChange): object {
  const items = after.resources;
  const closed = items.some((item) => item.trueAmount !== null);
  return {
    tenant_id: after.tenantId,
    reservation_id: after.reservationId,
    state: after.phase,
    request_hash: after.requestHash,
    decision: decision ?? null,
    admitted_at: instantOfMs(after.admittedAtMs),
    day_start: instantOfMs(after.dayStartMs),
    month_start: instantOfMs(after.monthStartMs),
    expires_at: after.expiresAtMs === null ? null : instantOfMs(after.expiresAtMs),
    resources: items.map((item) => item.resource),
    estimates: items.map((item) => item.estimate),
    true_amounts: closed ? items.map((item) => item.trueAmount ?? item.settled) : null,
    settled: items.map((item) => item.settled),
    held: items.map((item) => holdOf(after.phase, item)),
    late_after_expiry: items.map((item) => item.lateAfterExpiry),
  };
}

function keyOf({ after }: ReservationChange): string {
  return `${after.tenantId} ${after.reservationId}`;
}
