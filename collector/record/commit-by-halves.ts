import type { Pool } from "pg";
import { isDataError, isMissingPartition, isRetryable } from "#database/sqlstate";
import { ensurePartitionsAround } from "./partitions.ts";

/** Lost races and missing partitions are retried this often before the group is given back to its senders. */
const ATTEMPTS_MAX = 5;

/**
 * Commits a group whole or, where the database refuses its data (SQLSTATE class 22 or 23), by halves, until the items at
 * fault stand alone: one poisonous item never costs its neighbours. Halves go one after the other, in order. Throws when
 * the database is unavailable; then all of it may be sent again.
 *
 * @param commit one transaction
 * @param refuse told of each item that cannot be stored, and why
 */
export async function commitByHalves<Item>(
  pool: Pool,
  group: readonly Item[],
  commit: (group: readonly Item[]) => Promise<void>,
  refuse: (item: Item, error: unknown) => void | Promise<void>,
): Promise<void> {
  try {
    await withRetries(pool, () => commit(group));
  } catch (error) {
    if (!isDataError(error)) throw error;
    if (group.length === 1) {
      await refuse(group[0]!, error);
      return;
    }
    const middle = Math.ceil(group.length / 2);
    await commitByHalves(pool, group.slice(0, middle), commit, refuse);
    await commitByHalves(pool, group.slice(middle), commit, refuse);
  }
}

async function withRetries(pool: Pool, attempt: () => Promise<void>): Promise<void> {
  for (let attempts = 1; ; attempts += 1) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (attempts >= ATTEMPTS_MAX) throw error;
      if (isMissingPartition(error)) await ensurePartitionsAround(pool, Date.now());
      else if (!isRetryable(error)) throw error;
    }
  }
}
