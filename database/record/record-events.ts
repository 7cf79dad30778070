import type { ClientBase } from "pg";
import { noteArrivals } from "../health/note-arrivals.ts";
import type { Arrival } from "../health/note-arrivals.ts";
import { intakeOf, noteIntake } from "../health/note-intake.ts";
import type { Intake } from "../health/note-intake.ts";
import { NO_CALENDAR } from "../periods/period.ts";
import { closeCounted, tenantsThatWait } from "../quarantine/close-counted.ts";
import { insertQuarantine } from "../quarantine/insert-quarantine.ts";
import { eventItemId, setAsideEvent } from "../quarantine/set-aside.ts";
import { readAdmissions, reservationKeyText } from "../reservations/read-reservations.ts";
import type { ReservationKey } from "../reservations/read-reservations.ts";
import { settleReservations } from "../reservations/settle-reservations.ts";
import type { Settlement } from "../reservations/settle-reservations.ts";
import { writeReservationsAndTotals } from "../reservations/write-reservations.ts";
import { readCalendars } from "../tenants/read-calendars.ts";
import type { Calendars } from "../tenants/read-calendars.ts";
import { TotalDeltas } from "../totals/add-to-totals.ts";
import { amountsOf } from "./amounts.ts";
import type { ResourceAmount } from "./amounts.ts";
import { copyEvents } from "./copy-events.ts";
import { fingerprintOf } from "./fingerprint.ts";
import { insertEvents } from "./insert-events.ts";
import { compareIdentity, identityOf, ledgerRowOf } from "./ledger-row.ts";
import type { LedgerRow, ReceivedEvent } from "./ledger-row.ts";
import { openBatch } from "./open-batch.ts";
import { readStoredEvents } from "./read-stored-events.ts";

const DAY_MICROS = 86_400_000_000;

export interface RecordCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly conflicting: number;
  /** The batch of the rows that were accepted. */
  readonly batch: number;
  /** Of the accepted ones. */
  readonly intake: Intake;
}

/**
 * How rows enter the ledger. `copy` bets that none of them is there yet and throws what `isRepeated` recognises when it
 * loses; `insert` looks at each.
 */
export type Way = "copy" | "insert";

/** `arrival`: it has just come in. `moved`: it came in before and was noted then, it only counts elsewhere from now on. */
export type Occasion = "arrival" | "moved";

/** What the record transaction did, and the statements it has sent last. */
export interface Recording {
  readonly counts: RecordCounts;
  /** Settled when they have run; the counts are true only then. */
  readonly written: Promise<unknown>;
}

/**
 * The record transaction (I2): ledger, reservation settlement and totals, each only for rows that were not in the ledger
 * yet. The rows are rolled up by being there: as long as their batch is not folded, the rollups include them (I3). Runs
 * inside the caller's transaction; nothing is visible, or acknowledged, before it commits.
 * Lock order, everywhere: ledger, reservations, totals.
 */
export async function recordEvents(
  client: ClientBase,
  received: readonly ReceivedEvent[],
  way: Way = "insert",
  occasion: Occasion = "arrival",
): Promise<RecordCounts> {
  const { counts, written } = await sendEvents(client, received, way, occasion);
  await written;
  return counts;
}

/**
 * The same for a transaction that ends with it (`inTransactionEndingWith`): its last statements have been sent when this
 * resolves, and with `copy` and no reservation that is everything but what had to be known before.
 */
export async function sendEvents(
  client: ClientBase,
  received: readonly ReceivedEvent[],
  way: Way,
  occasion: Occasion = "arrival",
): Promise<Recording> {
  const tenantIds = new Set(received.map(({ event }) => event.tenantId));
  const [calendars, admissions, batch, waiting] = await Promise.all([
    readCalendars(client, [...tenantIds]),
    readAdmissions(client, reservationsNamed(received)),
    openBatch(client, daysOf(received), received.length),
    tenantsThatWait(client, tenantIds),
  ]);
  const { rows, contradictory } = distinct(rowsOf(received, calendars, admissions));
  const { fresh, copied } = await enterRows(client, rows, batch, way);
  const conflicts = [...contradictory, ...(await contradictingLedger(client, rows, fresh))];
  const settlements = settlementsOf(fresh);
  const aside = conflicts.map((row) => setAsideEvent(row, "conflict"));
  // Nearly always there is neither. Where a COPY fails so does what is sent behind it, and the COPY is heard first.
  const [, changes] = await Promise.all([
    settlements.length + aside.length === 0 ? undefined : copied,
    settleReservations(client, settlements, calendars),
    insertQuarantine(client, aside),
  ]);
  const intake = intakeOf(fresh, received[0]!.receivedAtMicros);
  const written = Promise.all([
    copied,
    ...(occasion === "arrival"
      ? [noteIntake(client, intake), noteArrivals(client, [...rows, ...contradictory].map(arrivalOf))]
      : []),
    closeCounted(client, fresh, waiting, { tenantOf: ({ event }) => event.tenantId, idOf: eventItemId }),
    writeReservationsAndTotals(client, changes, calendars, deltasOf(fresh)),
  ]);
  const duplicate = received.length - fresh.length - conflicts.length;
  return {
    counts: { accepted: fresh.length, duplicate, conflicting: conflicts.length, batch, intake },
    written,
  };
}

function deltasOf(rows: readonly LedgerRow[]): TotalDeltas {
  const deltas = new TotalDeltas();
  for (const { event, periods } of rows) {
    for (const { resource, amount } of amountsOf(event)) {
      deltas.add(event.tenantId, resource, periods, { used: amount });
    }
  }
  return deltas;
}

function reservationsNamed(received: readonly Pick<ReceivedEvent, "event">[]): ReservationKey[] {
  return received.flatMap(({ event: { tenantId, reservationId } }) =>
    reservationId === null ? [] : [{ tenantId, reservationId }],
  );
}

function daysOf(received: readonly ReceivedEvent[]): { first: number; last: number } {
  let first = Infinity;
  let last = -Infinity;
  for (const { event } of received) {
    first = Math.min(first, event.endedAtMicros);
    last = Math.max(last, event.endedAtMicros);
  }
  return { first: Math.floor(first / DAY_MICROS), last: Math.floor(last / DAY_MICROS) };
}

function rowsOf(
  received: readonly ReceivedEvent[],
  calendars: Calendars,
  admissions: ReadonlyMap<string, number>,
): LedgerRow[] {
  return received.map((it) => {
    const { tenantId, reservationId } = it.event;
    const admittedAtMs =
      reservationId === null ? undefined : admissions.get(reservationKeyText(tenantId, reservationId));
    return ledgerRowOf(it, admittedAtMs, calendars.get(tenantId) ?? NO_CALENDAR);
  });
}

/** One row per identity, in identity order; what repeats a row with another payload is set apart: the first stays. */
function distinct(all: LedgerRow[]): { rows: LedgerRow[]; contradictory: LedgerRow[] } {
  const rows: LedgerRow[] = [];
  const contradictory: LedgerRow[] = [];
  // A stable sort, so that of equal identities the first that arrived comes first.
  for (const row of all.sort(compareIdentity)) {
    const before = rows.at(-1);
    if (before === undefined || compareIdentity(before, row) !== 0) rows.push(row);
    else if (fingerprintOf(before.event) !== fingerprintOf(row.event)) contradictory.push(row);
  }
  return { rows, contradictory };
}

/**
 * Enters rows. `fresh`: those that were not in the ledger yet, in order; of a COPY all, or else `copied` rejects. A COPY is
 * not waited for.
 */
async function enterRows(
  client: ClientBase,
  rows: readonly LedgerRow[],
  batch: number,
  way: Way,
): Promise<{ readonly fresh: readonly LedgerRow[]; readonly copied: Promise<void> | undefined }> {
  if (way === "copy") return { fresh: rows, copied: copyEvents(client, rows, batch) };
  const inserted = await insertEvents(client, rows, batch);
  const fresh = inserted.size === rows.length ? rows : rows.filter((row) => inserted.has(identityOf(row)));
  return { fresh, copied: undefined };
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
  const stored = await readStoredEvents(client, repeated);
  return repeated.filter((row) => {
    const before = stored.get(identityOf(row));
    return before === undefined || fingerprintOf(before) !== fingerprintOf(row.event);
  });
}

function arrivalOf({ producerId, event: { bootId, seq, endedAtMicros } }: LedgerRow): Arrival {
  return { producerId, bootId, seq, endedAtMicros };
}

function settlementsOf(rows: readonly LedgerRow[]): Settlement[] {
  const settlements = new Map<string, Settlement & { amounts: ResourceAmount[] }>();
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
