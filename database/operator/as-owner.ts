import type { Pool, PoolClient } from "pg";
import { inTransaction } from "../transaction.ts";

/** Runs `work` in one transaction with the owner's rights, for as long as that and on any pooler. */
export async function asOwner<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query("set local role quotel_owner");
    return work(client);
  });
}
