import type { ClientBase, Pool } from "pg";
import { foldRollups } from "../../rollups/fold.ts";
import { lockRollups } from "../../rollups/lock-rollups.ts";
import { isRetryable } from "../../sqlstate.ts";
import { inTransaction } from "../../transaction.ts";

/** Lost races are repeated this often before the repair gives up; what it has committed stays and is not done again. */
const ATTEMPTS_MAX = 10;

/**
 * One transaction of a repair, under the rollups' lock. Everything that was committed before is folded first, as far as
 * nobody else is folding it: a repair then finds the rows it works on in the folded rollups. Traffic goes on; where the
 * two lock the same totals in another order, one of them starts again.
 */
export async function inRepair<T>(pool: Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    await foldRollups(pool);
    try {
      return await inTransaction(pool, async (client) => {
        await lockRollups(client);
        return await work(client);
      });
    } catch (error) {
      if (attempts >= ATTEMPTS_MAX || !isRetryable(error)) throw error;
    }
  }
}
