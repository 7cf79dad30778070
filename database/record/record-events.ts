import type { ClientBase } from "pg";
import { readAdmissions, reservationKeyText } from "../reservations/read-reservations.ts";
import type { ReservationKey } from "../reservations/read-reservations.ts";
import { settleReservationsAndTotals } from "../reservations/settle-reservations.ts";
import type { Settlement } from "../reservations/settle-reservations.ts";
import { readCalendars } from "../tenants/read-calendars.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import { TotalDeltas } from "../totals/add-to-totals.ts";
import { addToRollups } from "./add-to-rollups.ts";
import { amountsOf } from "./amounts.ts";
import { insertEvents } from "./insert-events.ts";
import { insertQuarantine } from "./insert-quarantine.ts";
import { identityOf, ledgerRowOf } from "./ledger-row.ts";
import type { LedgerRow } from "./ledger-row.ts";
import { readFingerprints } from "./read-fingerprints.ts";
import { rollUp } from "./rollup.ts";
import type { UsageEvent } from "./usage-event.ts";

/** An event with who sent it and when it came. */
export interface ReceivedEvent {
  readonly event: UsageEvent;
  readonly producerId: string;
  readonly receivedAtMicros: number;
}

export interface RecordCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly conflicting: number;
}

/**
 * The record transaction (I2): ledger, rollups, reservation settlement and quota totals, each only for rows that were
 * not in the ledger yet. Runs inside the caller's transaction; nothing is visible, or acknowledged, before it commits.
 * Lock order, everywhere: ledger, rollups, reservations, quota totals.
 */
export async function recordEvents(client: ClientBase, received: readonly ReceivedEvent[]): Promise<RecordCounts> {
  const [calendars, admissions] = await Promise.all([
    readCalendars(client, [...new Set(received.map(({ event }) => event.tenantId))]),
    readAdmissions(client, reservationsNamed(received)),
  ]);
  const { rows, contradictory } = distinct(rowsOf(received, calendars, admissions));
  const fresh = await insertEvents(client, rows);
  const conflicts = [...contradictory, ...(await contradictingLedger(client, rows, fresh))];
  await insertQuarantine(
    client,
    conflicts.map((row) => ({ row, reason: "conflict" })),
  );
  const deltas = new TotalDeltas();
  for (const { event, periods } of fresh) {
    for (const { resource, amount } of amountsOf(event))
      deltas.add(event.tenantId, resource, periods, { used: amount });
  }
  await Promise.all([
    addToRollups(client, rollUp(fresh)),
    settleReservationsAndTotals(client, settlementsOf(fresh), calendars, deltas),
  ]);
  return {
    accepted: fresh.length,
    duplicate: received.length - fresh.length - conflicts.length,
    conflicting: conflicts.length,
  };
}

function reservationsNamed(received: readonly ReceivedEvent[]): ReservationKey[] {
  return received.flatMap(({ event: { tenantId, reservationId } }) =>
    reservationId === null ? [] : [{ tenantId, reservationId }],
  );
}

function rowsOf(
  received: readonly ReceivedEvent[],
  calendars: Calendars,
  admissions: ReadonlyMap<string, number>,
): LedgerRow[] {
  return received.map(({ event, producerId, receivedAtMicros }) =>
    ledgerRowOf(event, {
      producerId,
      receivedAtMicros,
      admittedAtMs:
        event.reservationId === null
          ? undefined
          : admissions.get(reservationKeyText(event.tenantId, event.reservationId)),
      calendar: calendars.get(event.tenantId) ?? [],
    }),
  );
}

/** One row per identity, in identity order; what repeats a row with another payload is set apart: the first stays. */
function distinct(all: readonly LedgerRow[]): { rows: LedgerRow[]; contradictory: LedgerRow[] } {
  const byIdentity = new Map<string, LedgerRow>();
  const contradictory: LedgerRow[] = [];
  for (const row of all) {
    const identity = identityOf(row);
    const first = byIdentity.get(identity);
    if (!first) byIdentity.set(identity, row);
    else if (first.fingerprint !== row.fingerprint) contradictory.push(row);
  }
  const rows = [...byIdentity.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  return { rows, contradictory };
}

/** Rows whose identity the ledger holds with another payload. */
async function contradictingLedger(
  client: ClientBase,
  rows: readonly LedgerRow[],
  fresh: readonly LedgerRow[],
): Promise<LedgerRow[]> {
  if (fresh.length === rows.length) return [];
  const isFresh = new Set(fresh);
  const repeated = rows.filter((row) => !isFresh.has(row));
  const stored = await readFingerprints(client, repeated);
  return repeated.filter((row) => stored.get(identityOf(row)) !== row.fingerprint);
}

function settlementsOf(rows: readonly LedgerRow[]): Settlement[] {
  const settlements = new Map<string, Settlement & { amounts: ReturnType<typeof amountsOf> }>();
  for (const { event, accountedAtMicros } of rows) {
    const { tenantId, reservationId } = event;
    if (reservationId === null) continue;
    const key = reservationKeyText(tenantId, reservationId);
    const settlement = settlements.get(key);
    if (settlement) settlement.amounts.push(...amountsOf(event));
    else {
      const atMs = Math.floor(accountedAtMicros / 1000);
      settlements.set(key, { tenantId, reservationId, atMs, amounts: amountsOf(event) });
    }
  }
  return [...settlements.values()];
}
