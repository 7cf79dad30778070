import type { ClientBase, Pool } from "pg";
import type { ClaimedEvent } from "#database/attribution/claim";
import { resolveClaims } from "#database/attribution/resolve-claims";
import { noteArrivals } from "#database/health/note-arrivals";
import { intakeOf } from "#database/health/note-intake";
import { isRepeated } from "#database/record/copy-events";
import { NO_CALENDAR } from "#database/periods/period";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import type { SetAsideReason } from "#database/quarantine/quarantine-item";
import { setAsideEvent } from "#database/quarantine/set-aside";
import { ledgerRowOf } from "#database/record/ledger-row";
import { sendEvents } from "#database/record/record-events";
import type { RecordCounts, Way } from "#database/record/record-events";
import { inTransactionEndingWith } from "#database/transaction";
import type { Metrics } from "../observe/metrics.ts";
import { commitByHalves } from "./commit-by-halves.ts";
import { beyondHorizon } from "./horizon.ts";
import type { RecordCounters } from "./record-counters.ts";

/** Where it is said what became of a group. */
export interface CommitReport {
  readonly counters: RecordCounters;
  readonly metrics: Metrics;
  readonly log: { warn(details: object, message: string): void };
}

/**
 * Commits one lane's group: events outside the horizon go to quarantine, the rest through the record transaction. An
 * event that the database refuses (SQLSTATE class 22 or 23) is found by halving the group and kept in quarantine, so one
 * poisonous event never costs its neighbours. Throws when the database is unavailable; then all of it may be sent again.
 */
export async function commitGroup(pool: Pool, group: readonly ClaimedEvent[], report: CommitReport): Promise<void> {
  const countable: ClaimedEvent[] = [];
  const aside: { received: ClaimedEvent; reason: SetAsideReason }[] = [];
  for (const received of group) {
    const reason = beyondHorizon(received.event.endedAtMicros, received.receivedAtMicros);
    if (reason === null) countable.push(received);
    else aside.push({ received, reason });
  }
  await quarantine(pool, aside, report);
  if (countable.length === 0) return;
  const { counters, metrics, log } = report;
  const commit = async (part: readonly ClaimedEvent[]): Promise<void> => {
    const counts = await recordGroup(pool, part);
    counters.accepted += counts.accepted;
    counters.duplicate += counts.duplicate;
    counters.conflicting += counts.conflicting;
    metrics.recorded(counts);
  };
  await commitByHalves(pool, countable, commit, async (received, error) => {
    log.warn({ err: error }, "an event cannot be stored; kept in quarantine");
    await quarantine(pool, [{ received, reason: "unstorable" }], report);
  });
}

/** Below it, COPY's round trips cost more than they save. */
const COPY_EVENTS_MIN = 20;

/** Bets on events that are new, as they nearly always are; where one is not, looks at each. */
async function recordGroup(pool: Pool, group: readonly ClaimedEvent[]): Promise<GroupCounts> {
  const record = (way: Way): Promise<GroupCounts> =>
    inTransactionEndingWith(pool, (client) => recordClaimed(client, group, way));
  if (group.length < COPY_EVENTS_MIN) return record("insert");
  try {
    return await record("copy");
  } catch (error) {
    if (!isRepeated(error)) throw error;
    return record("insert");
  }
}

type GroupCounts = Omit<RecordCounts, "batch">;

async function recordClaimed(
  client: ClientBase,
  group: readonly ClaimedEvent[],
  way: Way,
): Promise<{ readonly result: GroupCounts; readonly written: Promise<unknown> }> {
  const { events, duplicate } = await resolveClaims(client, group);
  if (events.length === 0) {
    const intake = intakeOf([], group[0]!.receivedAtMicros);
    return { result: { accepted: 0, duplicate, conflicting: 0, intake }, written: Promise.resolve() };
  }
  const { counts, written } = await sendEvents(client, events, way);
  return { result: { ...counts, duplicate: counts.duplicate + duplicate }, written };
}

/** Keeps events aside. They arrived all the same, so they are not missing from their run (I12). */
async function quarantine(
  pool: Pool,
  aside: readonly { received: ClaimedEvent; reason: SetAsideReason }[],
  { counters, metrics }: CommitReport,
): Promise<void> {
  const rows = aside.map(({ received, reason }) => ({ row: ledgerRowOf(received, undefined, NO_CALENDAR), reason }));
  await insertQuarantine(
    pool,
    rows.map(({ row, reason }) => setAsideEvent(row, reason)),
  );
  await noteArrivals(
    pool,
    rows.map(({ row: { event, producerId } }) => ({ ...event, producerId })),
  );
  counters.quarantined += rows.length;
  for (const { reason } of rows) metrics.counters.add(`events_quarantined.${reason}`);
}
