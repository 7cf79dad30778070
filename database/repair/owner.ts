import type { Pool, PoolClient } from "pg";
import { attachEmbedded } from "../embedded/start.ts";
import type { DatabaseConfig } from "../main.ts";
import { createPool } from "../pool.ts";
import { inTransaction } from "../transaction.ts";

/**
 * A pool for a command that repairs: it connects as `npm run migrate` does, or joins the embedded server that is running.
 * Rejects where there is none.
 */
export async function openOwnerPool(
  { databaseUrl, dataDir }: Pick<DatabaseConfig, "databaseUrl" | "dataDir">,
  applicationName: string,
): Promise<Pool> {
  const connectionString = databaseUrl ?? (await attachEmbedded(dataDir))?.adminUrl;
  if (connectionString === undefined) {
    throw new Error(
      `set QUOTEL_MIGRATE_DATABASE_URL or DATABASE_URL, or run npm start: no embedded Postgres is running in ${dataDir}`,
    );
  }
  return createPool({ connectionString, applicationName, max: 2 });
}

/** Runs `work` in one transaction with the owner's rights, for as long as that and on any pooler. */
export async function asOwner<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  return inTransaction(pool, async (client) => {
    await client.query("set local role quotel_owner");
    return work(client);
  });
}
