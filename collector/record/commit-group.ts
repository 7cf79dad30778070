import type { Pool } from "pg";
import { isRepeated } from "#database/record/copy-events";
import { NO_CALENDAR } from "#database/periods/period";
import { insertQuarantine } from "#database/record/insert-quarantine";
import type { QuarantineReason } from "#database/record/insert-quarantine";
import { ledgerRowOf } from "#database/record/ledger-row";
import type { ReceivedEvent } from "#database/record/ledger-row";
import { recordEvents } from "#database/record/record-events";
import type { RecordCounts, Way } from "#database/record/record-events";
import { isDataError, isMissingPartition, isRetryable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { beyondHorizon } from "./horizon.ts";
import { ensurePartitionsAround } from "./partitions.ts";
import type { RecordCounters } from "./record-counters.ts";

type Log = { warn(details: object, message: string): void };

/** Lost races and missing partitions are retried this often before the group is given back to its senders. */
const ATTEMPTS_MAX = 5;

/**
 * Commits one lane's group: events outside the horizon go to quarantine, the rest through the record transaction. An
 * event that the database refuses (SQLSTATE class 22 or 23) is found by halving the group and kept in quarantine, so one
 * poisonous event never costs its neighbours. Throws when the database is unavailable; then all of it may be sent again.
 */
export async function commitGroup(
  pool: Pool,
  group: readonly ReceivedEvent[],
  counters: RecordCounters,
  log: Log,
): Promise<void> {
  const countable: ReceivedEvent[] = [];
  const aside: { received: ReceivedEvent; reason: QuarantineReason }[] = [];
  for (const received of group) {
    const reason = beyondHorizon(received.event.endedAtMicros, received.receivedAtMicros);
    if (reason === null) countable.push(received);
    else aside.push({ received, reason });
  }
  await quarantine(pool, aside, counters);
  if (countable.length > 0) await commitOrHalve(pool, countable, counters, log);
}

async function commitOrHalve(
  pool: Pool,
  group: readonly ReceivedEvent[],
  counters: RecordCounters,
  log: Log,
): Promise<void> {
  try {
    const counts = await withRetries(pool, () => recordGroup(pool, group));
    counters.accepted += counts.accepted;
    counters.duplicate += counts.duplicate;
    counters.conflicting += counts.conflicting;
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (group.length === 1) {
      log.warn({ err: error }, "an event cannot be stored; kept in quarantine");
      await quarantine(pool, [{ received: group[0]!, reason: "unstorable" }], counters);
      return;
    }
    const middle = Math.ceil(group.length / 2);
    await commitOrHalve(pool, group.slice(0, middle), counters, log);
    await commitOrHalve(pool, group.slice(middle), counters, log);
  }
}

/** Below it, COPY's round trips cost more than they save. */
const COPY_EVENTS_MIN = 20;

/** Bets on events that are new, as they nearly always are; where one is not, looks at each. */
async function recordGroup(pool: Pool, group: readonly ReceivedEvent[]): Promise<RecordCounts> {
  const record = (way: Way): Promise<RecordCounts> => inTransaction(pool, (client) => recordEvents(client, group, way));
  if (group.length < COPY_EVENTS_MIN) return record("insert");
  try {
    return await record("copy");
  } catch (error) {
    if (!isRepeated(error)) throw error;
    return record("insert");
  }
}

async function withRetries<T>(pool: Pool, attempt: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (attempts >= ATTEMPTS_MAX) throw error;
      if (isMissingPartition(error)) await ensurePartitionsAround(pool, Date.now());
      else if (!isRetryable(error)) throw error;
    }
  }
}

async function quarantine(
  pool: Pool,
  aside: readonly { received: ReceivedEvent; reason: QuarantineReason }[],
  counters: RecordCounters,
): Promise<void> {
  const rows = aside.map(({ received, reason }) => ({ row: ledgerRowOf(received, undefined, NO_CALENDAR), reason }));
  await insertQuarantine(pool, rows);
  counters.quarantined += rows.length;
}
