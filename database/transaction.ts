import type { Pool, PoolClient } from "pg";

/**
 * Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it throws. A connection
 * whose rollback fails is discarded, so a broken one never returns to the pool.
 *
 * Our pools pipeline: statements sent without waiting (`Promise.all`) share a flight and still run one after the other,
 * in the order they were sent; once one has failed the server runs none of the others. `begin` travels with the first.
 */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = client.query("begin");
    // Where it fails, what follows fails too and is heard first.
    begun.catch(() => {});
    const result = await work(client);
    await begun;
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

/**
 * Runs statements that only read, all on one snapshot (REPEATABLE READ), and answers without waiting for the end of the
 * transaction. They share flights as in `inTransaction`.
 */
export async function inSnapshot<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  const begun = client.query("begin isolation level repeatable read, read only");
  begun.catch(() => {});
  try {
    const result = await work(client);
    await begun;
    return result;
  } finally {
    client.query("commit").then(
      () => client.release(),
      (failure: Error) => client.release(failure),
    );
  }
}
