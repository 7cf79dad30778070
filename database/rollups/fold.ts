import type { Pool } from "pg";
import { foldArrivals } from "../health/fold-arrivals.ts";
import { foldHeartbeats } from "../health/fold-heartbeats.ts";
import { foldIntake } from "../health/fold-intake.ts";
import { query } from "../pool.ts";
import { inTransaction } from "../transaction.ts";
import { addToRollups } from "./add-to-rollups.ts";
import { tryLockRollups } from "./lock-rollups.ts";
import { noteEvents } from "./note-events.ts";
import { readUnfolded } from "./read-unfolded.ts";

/** About how many events one transaction folds: enough that most of them share their rollups' rows. */
const EVENTS_PER_FOLD = 200_000;
/** So that they are grouped in memory, which halves what folding costs. Only one transaction at a time has this much. */
const MEMORY = "64MB";

/**
 * Folds the batches that are committed by now into the rollups. What they add up to does not change (a batch leaves one
 * part of `quotel.usage_rollups` in the transaction that adds it to the other, I3), only how fast it is read. Any number
 * of processes may fold, as often as they like: one does, the others see that and leave. What record transactions noted
 * about their events is folded along, and the verifier is told which days have changed.
 *
 * @returns how many events were folded; null when somebody else is at it
 */
export async function foldRollups(pool: Pool): Promise<number | null> {
  let folded = 0;
  for (;;) {
    const events = await inTransaction(pool, async (client) => {
      if (!(await tryLockRollups(client))) return null;
      const unfolded = await readUnfolded(client, EVENTS_PER_FOLD);
      await foldIntake(client);
      await foldArrivals(client);
      await foldHeartbeats(client);
      if (unfolded === null) return 0;
      await query(client, { name: "widen-memory", text: `set local work_mem = '${MEMORY}'` });
      await noteEvents(client, unfolded);
      await addToRollups(client, unfolded);
      await query(client, {
        name: "close-batches",
        text: "delete from quotel.unfolded_batches where batch = any ($1::bigint[])",
        values: [unfolded.batches],
      });
      return unfolded.events;
    });
    if (events === null) return folded === 0 ? null : folded;
    folded += events;
    if (events < EVENTS_PER_FOLD) return folded;
  }
}
