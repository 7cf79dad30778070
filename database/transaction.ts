import type { Pool, PoolClient } from "pg";

/**
 * Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it throws. A connection
 * whose rollback fails is discarded, so a broken one never returns to the pool.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}
