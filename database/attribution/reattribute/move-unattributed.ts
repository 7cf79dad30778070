import type { ClientBase, Pool } from "pg";
import { noteBackfillBatch } from "../../backfill/note-backfill-batch.ts";
import { recordEvents } from "../../record/record-events.ts";
import { eventOf } from "../../record/stored-event.ts";
import type { UsageEvent } from "../../record/usage-event.ts";
import { inRepair } from "../../repair/take-back/repair-transaction.ts";
import { takeBack } from "../../repair/take-back/take-back.ts";
import { takeBatchNumber } from "../../repair/take-back/take-batch-number.ts";
import { asTenants } from "../claim.ts";
import type { UnattributedGroup } from "./count-unattributed.ts";
import { entomb } from "./entomb.ts";
import { keepReceipt } from "./keep-receipt.ts";
import { markUnattributed } from "./mark-unattributed.ts";
import type { MarkedRow } from "./mark-unattributed.ts";
import type { UnattributedFilter } from "./unattributed-filter.ts";

/** What became of the events of one transaction. */
export interface Moved {
  /** Taken out of `unattributed`. */
  readonly moved: number;
  /** Some of these: the tenant had them already, with the same payload or another. They count once. */
  readonly known: number;
}

/** The tenant that events are given to. */
export interface Move {
  readonly tenantId: string;
  /** What its resources may be called; see `ResourceNames`. */
  readonly capped: (events: readonly UsageEvent[]) => Promise<readonly UsageEvent[]>;
}

/** Rows that one transaction moves: it keeps folding waiting meanwhile. */
const ROWS_MAX = 5_000;

/**
 * Gives some events of a group to a tenant, in one transaction: they are taken out of what `unattributed` has used,
 * recorded for the tenant as if they had come under its name, and stay behind as tombstones, so that a redelivery of the
 * same spans counts nothing (I1, I6). What a backfill brought stays the backfill's, so that reverting it finds it.
 *
 * @returns null when there is nothing left to move
 */
export function moveUnattributed(
  pool: Pool,
  group: UnattributedGroup,
  filter: UnattributedFilter,
  to: Move,
): Promise<Moved | null> {
  return inRepair(pool, async (client) => {
    const batch = await takeBatchNumber(client);
    const rows = await markUnattributed(client, group, filter, { batch, rowsMax: ROWS_MAX });
    if (rows.length === 0) return null;
    const { eventDay, backfillId } = group;
    await takeBack(client, { batch, firstDay: eventDay, lastDay: eventDay });
    await entomb(client, batch, eventDay, to.tenantId);
    const recorded = await recordFor(client, rows, to);
    await keepReceipt(client, { from: batch, to: recorded.batch, eventDay, tenantId: to.tenantId });
    if (backfillId !== null) {
      await noteBackfillBatch(client, backfillId, batch);
      await noteBackfillBatch(client, backfillId, recorded.batch);
    }
    return { moved: rows.length, known: rows.length - recorded.accepted };
  });
}

async function recordFor(
  client: ClientBase,
  rows: readonly MarkedRow[],
  { tenantId, capped }: Move,
): Promise<{ batch: number; accepted: number }> {
  const events = await capped(rows.map((row) => asTenants(eventOf(row), tenantId)));
  const received = events.map((event, index) => {
    const { producer, received_us, accounted_us } = rows[index]!;
    return { event, producerId: producer, receivedAtMicros: received_us, correctedEndMicros: accounted_us };
  });
  return recordEvents(client, received, "insert", "moved");
}
