import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client, escapeIdentifier } from "pg";
import { startEmbedded } from "#database/embedded/start";
import { migrate } from "#database/migrate";
import { ensureLogins, roleUrl } from "#database/roles";

/** One migrated database of the benchmark's server. */
export interface BenchDatabase {
  /** Superuser's. */
  readonly adminUrl: string;
  /** As the services connect. */
  readonly writerUrl: string;
}

/**
 * Lends `work` a fresh embedded Postgres that is as durable as a real one: every commit of everyone who is measured
 * waits for the disk. The folder is on the disk of the temporary directory; all of it is gone afterwards, also after
 * Ctrl-C and SIGTERM (which then end the process).
 *
 * @param work gets a function that makes a migrated database
 */
export async function withDurableServer<T>(
  work: (createDatabase: (name: string) => Promise<BenchDatabase>) => Promise<T>,
): Promise<T> {
  const dataDir = await mkdtemp(join(tmpdir(), "quotel-bench-"));
  // mkdtemp makes it private; the user that Postgres runs as may be another one.
  await chmod(dataDir, 0o755);
  const settings = { fsync: "on", full_page_writes: "on", synchronous_commit: "on" };
  const starting = startEmbedded({ dataDir, port: 0, settings });
  const remove = async (): Promise<void> => {
    await starting.then((server) => server.close()).catch(() => {});
    await rm(dataDir, { recursive: true, force: true });
  };
  const interrupted = (): void => {
    void remove().then(() => process.exit(130));
  };
  process.once("SIGINT", interrupted).once("SIGTERM", interrupted);
  try {
    const { adminUrl } = await starting;
    return await work((name) => createDatabase(adminUrl, name));
  } finally {
    process.off("SIGINT", interrupted).off("SIGTERM", interrupted);
    await remove();
  }
}

async function createDatabase(serverUrl: string, name: string): Promise<BenchDatabase> {
  const client = new Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`create database ${escapeIdentifier(name)}`);
    const url = new URL(serverUrl);
    url.pathname = name;
    await migrate(url.href);
    await ensureLogins(client, serverUrl);
    return { adminUrl: url.href, writerUrl: roleUrl(url.href, "quotel_writer") };
  } finally {
    await client.end();
  }
}
