import type { Pool, PoolClient } from "pg";
import { query } from "./pool.ts";

/**
 * Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it throws. A connection
 * whose rollback fails is discarded, so a broken one never returns to the pool.
 *
 * Our pools pipeline: statements sent without waiting (`Promise.all`) share a flight and still run one after the other,
 * in the order they were sent; once one has failed the server runs none of the others. `begin` travels with the first.
 */
export function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransactionEndingWith(pool, async (client) => ({ result: await work(client), written: Promise.resolve() }));
}

/**
 * As `inTransaction`, for work whose last statements bring nothing it has to see: it sends them without waiting, and
 * `commit` travels with them, which saves a round trip while locks are held. Where one of them fails the server makes a
 * rollback of that commit, and the failure is what the caller gets.
 */
export async function inTransactionEndingWith<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<{ readonly result: T; readonly written: Promise<unknown> }>,
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const begun = query(client, { name: "begin", text: "begin" });
    // Where it fails, what follows fails too and is heard first.
    begun.catch(() => {});
    const { result, written } = await work(client);
    await Promise.all([begun, written, query(client, { name: "commit", text: "commit" })]);
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
  const begun = query(client, { name: "begin-snapshot", text: "begin isolation level repeatable read, read only" });
  begun.catch(() => {});
  try {
    const result = await work(client);
    await begun;
    return result;
  } finally {
    query(client, { name: "commit", text: "commit" }).then(
      () => client.release(),
      (failure: Error) => client.release(failure),
    );
  }
}
