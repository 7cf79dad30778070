import type { ClientBase, Pool } from "pg";
import { query } from "../pool.ts";
import { inRepair } from "../repair/take-back/repair-transaction.ts";
import { takeBack } from "../repair/take-back/take-back.ts";

/** One batch of a backfill, and where its rows are. */
interface BackfillBatch {
  readonly batch: number;
  readonly firstDay: string;
  readonly lastDay: string;
  readonly isFolded: boolean;
}

/** `waiting`: another process is folding the batch just now; ask again. */
export type RevertedBatch =
  | { readonly kind: "reverted"; readonly events: number }
  | { readonly kind: "waiting" }
  | { readonly kind: "none_left" };

/**
 * Takes one batch of a backfill back, in one transaction: out of totals, rollups and reservations, and its rows out of
 * the ledger, tombstones too; so what the run recorded can be recorded again. Repeated after a crash it goes on.
 */
export function revertBatch(pool: Pool, backfillId: string): Promise<RevertedBatch> {
  return inRepair<RevertedBatch>(pool, async (client) => {
    const next = await nextBatch(client, backfillId);
    if (next === null) return { kind: "none_left" };
    if (!next.isFolded) return { kind: "waiting" };
    const events = await takeBack(client, next);
    await removeRows(client, next);
    await forget(client, backfillId, next.batch, events);
    return { kind: "reverted", events };
  });
}

/** The youngest first: what was moved from one batch to another is taken back before what it was moved from. */
async function nextBatch(client: ClientBase, backfillId: string): Promise<BackfillBatch | null> {
  const { rows } = await query<BackfillBatch>(client, {
    name: "next-backfill-batch",
    text: `
      select b.batch, f.first_day::text as "firstDay", f.last_day::text as "lastDay",
        not exists (select from quotel.unfolded_batches u where u.batch = b.batch) as "isFolded"
      from quotel.backfills f join quotel.backfill_batches b using (backfill_id)
      where f.backfill_id = $1
      order by b.batch desc
      limit 1`,
    values: [backfillId],
  });
  return rows[0] ?? null;
}

async function removeRows(client: ClientBase, { batch, firstDay, lastDay }: BackfillBatch): Promise<void> {
  await query(client, {
    name: "remove-batch",
    text: "delete from quotel.usage_events where event_day between $1::date and $2::date and batch = $3",
    values: [firstDay, lastDay, batch],
  });
}

async function forget(client: ClientBase, backfillId: string, batch: number, events: number): Promise<void> {
  await query(client, {
    name: "forget-backfill-batch",
    text: "delete from quotel.backfill_batches where batch = $1",
    values: [batch],
  });
  await query(client, {
    name: "take-from-backfill",
    text: "update quotel.backfills set events = greatest(0, events - $2) where backfill_id = $1",
    values: [backfillId, events],
  });
}
