import { escapeIdentifier } from "pg";
import type { Client } from "pg";
import { withThrowawayServer } from "#database/embedded/throwaway";
import { migrate } from "#database/migrate";
import { ensureLogins, roleUrl } from "#database/roles";
import { connect } from "./connection.ts";

/** What a commit needs to survive a power cut. */
const DURABLE = ["fsync", "full_page_writes", "synchronous_commit"];

/** One migrated database of the benchmark's server. */
export interface BenchDatabase {
  /** Superuser's. */
  readonly adminUrl: string;
  /** As the services connect. */
  readonly writerUrl: string;
}

/**
 * Lends `work` a fresh embedded Postgres with the settings that `npm start` gives it, and no others; refuses it where a
 * commit would not wait for the disk. It is on the disk of the temporary directory, and gone afterwards.
 *
 * @param work gets a function that makes a migrated database
 */
export function withDurableServer<T>(
  work: (createDatabase: (name: string) => Promise<BenchDatabase>) => Promise<T>,
): Promise<T> {
  return withThrowawayServer(async (adminUrl) => {
    await requireDurable(adminUrl);
    return work((name) => createDatabase(adminUrl, name));
  }, {});
}

async function requireDurable(serverUrl: string): Promise<void> {
  await withClient(serverUrl, async (client) => {
    const { rows } = await client.query<{ name: string; setting: string }>(
      "select name, setting from pg_settings where name = any ($1) and setting <> 'on'",
      [DURABLE],
    );
    if (rows.length === 0) return;
    throw new Error(`not durable: ${rows.map(({ name, setting }) => `${name}=${setting}`).join(", ")}`);
  });
}

async function createDatabase(serverUrl: string, name: string): Promise<BenchDatabase> {
  return withClient(serverUrl, async (client) => {
    await client.query(`create database ${escapeIdentifier(name)}`);
    const url = new URL(serverUrl);
    url.pathname = name;
    await migrate(url.href);
    await ensureLogins(client, serverUrl);
    return { adminUrl: url.href, writerUrl: roleUrl(url.href, "quotel_writer") };
  });
}

async function withClient<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await connect(connectionString);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
