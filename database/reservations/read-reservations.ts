import type { ClientBase } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { Reservation, ReservationPhase } from "./protocol.ts";

export interface ReservationKey {
  readonly tenantId: string;
  readonly reservationId: string;
}

interface Row {
  tenant_id: string;
  reservation_id: string;
  state: ReservationPhase;
  request_hash: string | null;
  admitted_ms: number;
  day_ms: number;
  month_ms: number;
  expires_ms: number | null;
  kept_until_ms: number | null;
  closed_ms: number | null;
  resources: string[];
  estimates: number[];
  true_amounts: number[] | null;
  settled: number[];
  late_after_expiry: number[];
}

const COLUMNS = `
  tenant_id, reservation_id, state, encode(request_hash, 'hex') as request_hash,
  (extract(epoch from admitted_at) * 1000)::bigint as admitted_ms,
  (extract(epoch from day_start) * 1000)::bigint as day_ms,
  (extract(epoch from month_start) * 1000)::bigint as month_ms,
  (extract(epoch from expires_at) * 1000)::bigint as expires_ms,
  (extract(epoch from kept_until) * 1000)::bigint as kept_until_ms,
  (extract(epoch from closed_at) * 1000)::bigint as closed_ms,
  resources, estimates, true_amounts, settled, late_after_expiry`;

/**
 * Locks the given reservations in primary-key order until the transaction ends, and returns those that exist, as they
 * are after the locks (READ COMMITTED reads a locked row's newest version).
 *
 * The keys arrive sorted and each is looked up by itself (`limit` keeps the planner from turning that into a join), so
 * the order of the locks is theirs, and a plan that was made while the table was small stays right when it has grown.
 */
export async function lockReservations(client: ClientBase, keys: readonly ReservationKey[]): Promise<Reservation[]> {
  if (keys.length === 0) return [];
  const sorted = distinctSorted(keys);
  const { rows } = await query<Row>(client, {
    name: "lock-reservations",
    text: `
      select r.*
      from unnest($1::text[], $2::uuid[]) as k (tenant_id, reservation_id)
      cross join lateral (
        select ${COLUMNS} from quotel.reservations
        where tenant_id = k.tenant_id and reservation_id = k.reservation_id
        limit 1
        for update) r`,
    values: [textArray(sorted.map((key) => key.tenantId)), plainArray(sorted.map((key) => key.reservationId))],
  });
  return rows.map(reservationOf);
}

function distinctSorted(keys: readonly ReservationKey[]): ReservationKey[] {
  const byText = new Map(keys.map((key) => [reservationKeyText(key.tenantId, key.reservationId), key]));
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/**
 * Admission instants of the reservations that a decision has admitted, by `reservationKeyText`; they never change. An
 * `early` one has none: its events are accounted at their own ends, so the order of arrival does not matter. No locks.
 */
export async function readAdmissions(
  client: ClientBase,
  keys: readonly ReservationKey[],
): Promise<ReadonlyMap<string, number>> {
  if (keys.length === 0) return new Map();
  const sorted = distinctSorted(keys);
  const { rows } = await query<{ tenant_id: string; reservation_id: string; admitted_ms: number }>(client, {
    name: "read-admissions",
    text: `
      select r.tenant_id, r.reservation_id, r.admitted_ms
      from unnest($1::text[], $2::uuid[]) as k (tenant_id, reservation_id)
      cross join lateral (
        select tenant_id, reservation_id, (extract(epoch from admitted_at) * 1000)::bigint as admitted_ms
        from quotel.reservations
        where tenant_id = k.tenant_id and reservation_id = k.reservation_id and request_hash is not null
        limit 1) r`,
    values: [textArray(sorted.map((key) => key.tenantId)), plainArray(sorted.map((key) => key.reservationId))],
  });
  return new Map(rows.map((row) => [reservationKeyText(row.tenant_id, row.reservation_id), row.admitted_ms]));
}

/** A map key for one reservation. */
export function reservationKeyText(tenantId: string, reservationId: string): string {
  return `${tenantId} ${reservationId}`;
}

/**
 * Locks up to `limit` reservations whose time has run out, passing over those that someone else is changing.
 * They are found by their time, so that it costs no more the more are open, and locked in primary-key order.
 */
export async function lockDueReservations(client: ClientBase, limit: number): Promise<Reservation[]> {
  const { rows } = await query<Row>(client, {
    name: "lock-due-reservations",
    text: `
      with due as materialized (
        select tenant_id, reservation_id from (
          select tenant_id, reservation_id from quotel.reservations
          where expires_at <= now() order by expires_at limit $1) first
        order by tenant_id, reservation_id
      )
      select r.* from due k
      cross join lateral (
        select ${COLUMNS} from quotel.reservations
        where tenant_id = k.tenant_id and reservation_id = k.reservation_id and expires_at <= now()
        limit 1
        for update skip locked) r`,
    values: [limit],
  });
  return rows.map(reservationOf);
}

function reservationOf(row: Row): Reservation {
  return {
    tenantId: row.tenant_id,
    reservationId: row.reservation_id,
    phase: row.state,
    requestHash: row.request_hash,
    admittedAtMs: row.admitted_ms,
    dayStartMs: row.day_ms,
    monthStartMs: row.month_ms,
    expiresAtMs: row.expires_ms,
    keptUntilMs: row.kept_until_ms,
    closedAtMs: row.closed_ms,
    resources: row.resources.map((resource, index) => ({
      resource,
      estimate: row.estimates[index]!,
      trueAmount: row.true_amounts?.[index] ?? null,
      settled: row.settled[index]!,
      lateAfterExpiry: row.late_after_expiry[index]!,
    })),
  };
}
