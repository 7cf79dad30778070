import type { ReservationDecision } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { instantArray, jsonList, plainArray, textArray } from "../array-text.ts";
import { accountingPeriods } from "../periods/period.ts";
import { query } from "../pool.ts";
import type { Statement } from "../pool.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import { addToTotalsStatement } from "../totals/add-to-totals.ts";
import type { TotalDeltas } from "../totals/add-to-totals.ts";
import { holdOf } from "./protocol.ts";
import type { Reservation, ReservedResource } from "./protocol.ts";

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
 * everywhere; the statements share a flight, and all are made before the first is sent, so that what throws has sent
 * nothing and a commit may travel with them. Rejects with a unique violation where a row to be made is there by now: the
 * caller's transaction starts again and finds it.
 */
export function writeReservationsAndTotals(
  client: ClientBase,
  changes: readonly ReservationChange[],
  calendars: Calendars,
  deltas: TotalDeltas,
): Promise<void> {
  for (const change of changes) addHoldDifference(change, calendars, deltas);
  const sorted = [...changes].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const statements = [
    createReservations(sorted.filter(({ before }) => before === null)),
    updateReservations(sorted.filter(({ before }) => before !== null)),
    addToTotalsStatement(deltas),
  ].filter((statement) => statement !== null);
  return Promise.all(statements.map((statement) => query(client, statement))).then(() => {});
}

const INSERT = `
      insert into quotel.reservations as r (
        tenant_id, reservation_id, state, request_hash, decision, admitted_at, day_start, month_start, expires_at,
        kept_until, closed_at, resources, estimates, true_amounts, settled, held, late_after_expiry)
      select
        tenant_id, reservation_id, state, decode(request_hash, 'hex'), nullif(decision, '')::json, admitted_at, day_start,
        month_start, expires_at, kept_until, closed_at, resources::text[], estimates::bigint[], true_amounts::bigint[],
        settled::bigint[], held::bigint[], late_after_expiry::bigint[]
      from unnest(
        $1::text[], $2::uuid[], $3::text[], $4::text[], string_to_array($5, E'\\x01'), $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::timestamptz[], $12::text[], $13::text[],
        $14::text[], $15::text[], $16::text[], $17::text[]) as input (
        tenant_id, reservation_id, state, request_hash, decision, admitted_at, day_start, month_start, expires_at,
        kept_until, closed_at, resources, estimates, true_amounts, settled, held, late_after_expiry)`;

const OR_UPDATE = `
      on conflict (tenant_id, reservation_id) do update set
        state = excluded.state, request_hash = excluded.request_hash,
        decision = coalesce(excluded.decision, r.decision),
        admitted_at = excluded.admitted_at, day_start = excluded.day_start, month_start = excluded.month_start,
        expires_at = excluded.expires_at, kept_until = excluded.kept_until, closed_at = excluded.closed_at,
        resources = excluded.resources, estimates = excluded.estimates,
        true_amounts = excluded.true_amounts, settled = excluded.settled, held = excluded.held,
        late_after_expiry = excluded.late_after_expiry`;

/** Rows that were there and are locked. Rows arrive in primary-key order. */
function updateReservations(changes: readonly ReservationChange[]): Statement | null {
  if (changes.length === 0) return null;
  return { name: "update-reservations", text: `${INSERT}${OR_UPDATE}`, values: columnsOf(changes) };
}

/**
 * Rows that were not there. A row that somebody made meanwhile is a unique violation, never overwritten: it holds what
 * has been settled. Rows arrive in primary-key order.
 */
function createReservations(changes: readonly ReservationChange[]): Statement | null {
  if (changes.length === 0) return null;
  return { name: "create-reservations", text: INSERT, values: columnsOf(changes) };
}

/** One array literal a column; a column that is an array itself travels as the text of each of its arrays. */
function columnsOf(changes: readonly ReservationChange[]): string[] {
  const rows = changes.map(({ after }) => after);
  const perResource = (of: (item: ReservedResource, row: Reservation) => number): string =>
    textArray(rows.map((row) => plainArray(row.resources.map((item) => of(item, row)))));
  return [
    textArray(rows.map((row) => row.tenantId)),
    plainArray(rows.map((row) => row.reservationId)),
    plainArray(rows.map((row) => row.phase)),
    plainArray(rows.map((row) => row.requestHash)),
    jsonList(changes.map(({ decision }) => decision)),
    instantArray(rows.map((row) => row.admittedAtMs)),
    instantArray(rows.map((row) => row.dayStartMs)),
    instantArray(rows.map((row) => row.monthStartMs)),
    instantArray(rows.map((row) => row.expiresAtMs)),
    instantArray(rows.map((row) => row.keptUntilMs)),
    instantArray(rows.map((row) => row.closedAtMs)),
    textArray(rows.map((row) => plainArray(row.resources.map((item) => item.resource)))),
    perResource((item) => item.estimate),
    textArray(rows.map((row) => (isClosed(row) ? plainArray(row.resources.map(trueAmountOf)) : null))),
    perResource((item) => item.settled),
    perResource((item, row) => holdOf(row.phase, item)),
    perResource((item) => item.lateAfterExpiry),
  ];
}

function isClosed({ resources }: Reservation): boolean {
  return resources.some((item) => item.trueAmount !== null);
}

/** A resource that spans brought after the close: what they brought is the truth. */
function trueAmountOf(item: ReservedResource): number {
  return item.trueAmount ?? item.settled;
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

function keyOf({ after }: ReservationChange): string {
  return `${after.tenantId} ${after.reservationId}`;
}
