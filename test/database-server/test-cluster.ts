import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { startEmbedded } from "#database/embedded/start";
import { migrate } from "#database/migrate";
import { ensureLogins } from "#database/roles";

/** Migrated once; every test database is a copy of it. */
export const TEMPLATE_DATABASE = "quotel_template";

export interface TestCluster {
  readonly adminUrl: string;
  readonly close: () => Promise<void>;
}

/**
 * Starts a throwaway server on a free port, with logins for all roles and a migrated template database. It and its
 * folder disappear with `close`, or, if this process dies first in whatever way, by the reaper's hand.
 */
export async function startTestCluster(packageName: string): Promise<TestCluster> {
  const dataDir = await temporaryDataDir();
  const reaper = spawn(process.execPath, [join(import.meta.dirname, "reaper.ts"), dataDir], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.unref();
  const server = await startEmbedded({
    dataDir,
    port: 0,
    packageName,
    settings: { fsync: "off", full_page_writes: "off", max_connections: "300", shared_buffers: "128MB" },
  });
  await prepareTemplate(server.adminUrl);
  const close = async (): Promise<void> => {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
    reaper.stdin?.end();
  };
  return { adminUrl: server.adminUrl, close };
}

/** A new temporary folder that the user Postgres runs as can enter. */
export async function temporaryDataDir(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "quotel-test-"));
  await chmod(directory, 0o755);
  return directory;
}

async function prepareTemplate(adminUrl: string): Promise<void> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  await client.query(`create database ${TEMPLATE_DATABASE}`);
  const templateUrl = new URL(adminUrl);
  templateUrl.pathname = TEMPLATE_DATABASE;
  await migrate(templateUrl.href);
  await ensureLogins(client, adminUrl);
  await client.end();
}
