import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import { endBackfill } from "#database/backfill/end-backfill";
import { listBackfills } from "#database/backfill/list-backfills";
import { revertBatch } from "#database/backfill/revert-batch";

export type RevertResult =
  | { readonly kind: "unknown" }
  /** Its ledger rows were given up: nobody knows any more what to take back. */
  | { readonly kind: "closed" }
  | { readonly kind: "reverted"; readonly events: number };

const WAIT_MS = 100;

/**
 * Takes back exactly what a backfill added, batch by batch, while traffic goes on. A run that is still going on ends.
 * Broken off, it can be run again and does the rest; repeated, it changes nothing.
 */
export async function revert(
  pool: Pool,
  backfillId: string,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<RevertResult> {
  const [run] = await listBackfills(pool, backfillId);
  if (run === undefined) return { kind: "unknown" };
  if (run.closedAtMs !== null) return { kind: "closed" };
  await endBackfill(pool, backfillId, "finished");
  let events = 0;
  for (;;) {
    const outcome = await revertBatch(pool, backfillId);
    if (outcome.kind === "none_left") break;
    if (outcome.kind === "waiting") await sleep(WAIT_MS);
    else onProgress((events += outcome.events), run.events);
  }
  await endBackfill(pool, backfillId, "reverted");
  return { kind: "reverted", events };
}
