import type { Pool } from "pg";
import type { ClaimedEvent } from "../attribution/claim.ts";
import { resolveClaims } from "../attribution/resolve-claims.ts";
import { recordEvents } from "../record/record-events.ts";
import { isRetryable } from "../sqlstate.ts";
import { inTransaction } from "../transaction.ts";
import { addToBackfill } from "./add-to-backfill.ts";
import { noteBackfillBatch } from "./note-backfill-batch.ts";

/** What became of some events of a file. */
export interface BackfillCounts {
  readonly accepted: number;
  readonly duplicate: number;
  readonly conflicting: number;
}

const ATTEMPTS_MAX = 10;

/**
 * The record transaction, with the note that its rows are a backfill's: so reverting finds exactly what was added, and a
 * run that breaks off leaves nothing between. The partitions must be there.
 *
 * @returns null when the run was ended by somebody else
 */
export async function recordBackfill(
  pool: Pool,
  backfillId: string,
  received: readonly ClaimedEvent[],
): Promise<BackfillCounts | null> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await recordOnce(pool, backfillId, received);
    } catch (error) {
      if (error instanceof Ended) return null;
      if (attempts >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}

/** Rolls the transaction back. */
class Ended extends Error {}

function recordOnce(pool: Pool, backfillId: string, received: readonly ClaimedEvent[]): Promise<BackfillCounts> {
  return inTransaction(pool, async (client) => {
    const { events, duplicate } = await resolveClaims(client, received);
    if (events.length === 0) return { accepted: 0, duplicate, conflicting: 0 };
    const counts = await recordEvents(client, events);
    if (counts.accepted > 0) {
      if (!(await addToBackfill(client, backfillId, counts.accepted))) throw new Ended();
      await noteBackfillBatch(client, backfillId, counts.batch);
    }
    return { accepted: counts.accepted, duplicate: counts.duplicate + duplicate, conflicting: counts.conflicting };
  });
}
