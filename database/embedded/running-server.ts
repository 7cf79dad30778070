import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { CANNOT_CONNECT_NOW, DUPLICATE_DATABASE, errorCode } from "../sqlstate.ts";
import { isInitialised, readPassword, SUPERUSER } from "./cluster.ts";

/** The database that quotel uses in an embedded server. */
const DATABASE = "quotel";

/** A server that answers. */
export interface RunningServer {
  /** Superuser's URL of the `quotel` database. */
  readonly adminUrl: string;
  readonly port: number;
  /** Of the postmaster. */
  readonly pid: number;
}

/** What postmaster.pid says about a server. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** How long a server that is just starting or stopping is given before it counts as none. */
const SETTLE_MS = 5_000;

/**
 * Finds the live server of this cluster, whoever started it (after `kill -9` of a parent it lives on): the one
 * postmaster.pid names, if it lets our password in and serves this very folder. Null = none; a stale file is Postgres'
 * own business.
 */
export async function findRunning(clusterDir: string): Promise<RunningServer | null> {
  if (!(await isInitialised(clusterDir))) return null;
  const deadline = Date.now() + SETTLE_MS;
  for (;;) {
    const postmaster = await readPostmaster(clusterDir);
    if (postmaster === null || !isAlive(postmaster.pid)) return null;
    const server = await connect(clusterDir, postmaster);
    if (typeof server === "object") return server;
    if (server === "foreign") return null;
    if (Date.now() > deadline) return null;
    await sleep(50);
  }
}

/** One attempt to reach the cluster's server; makes the `quotel` database at the first success. */
export async function connect(
  clusterDir: string,
  postmaster: Postmaster,
): Promise<RunningServer | "refused" | "starting" | "foreign"> {
  const { pid, port } = postmaster;
  const password = await readPassword(clusterDir);
  const urlOf = (database: string): string => `postgres://${SUPERUSER}:${password}@127.0.0.1:${port}/${database}`;
  const client = new Client({ connectionString: urlOf("postgres"), connectionTimeoutMillis: 2_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ data_directory: string }>("show data_directory");
    if (rows[0]?.data_directory !== (await realpath(clusterDir))) return "foreign";
    await ensureDatabase(client);
    return { adminUrl: urlOf(DATABASE), port, pid };
  } catch (error) {
    const code = errorCode(error);
    if (code === CANNOT_CONNECT_NOW) return "starting";
    // A server with another password is not ours.
    return code?.startsWith("28") === true ? "foreign" : "refused";
  } finally {
    await client.end().catch(() => {});
  }
}

async function ensureDatabase(client: Client): Promise<void> {
  const { rowCount } = await client.query("select from pg_database where datname = $1", [DATABASE]);
  if (rowCount !== 0) return;
  await client.query(`create database ${DATABASE}`).catch((error: unknown) => {
    if (errorCode(error) !== DUPLICATE_DATABASE) throw error;
  });
}

/** Fast shutdown: ends the sessions, writes a checkpoint. Resolves when the server is gone; forces it after 30 s. */
export async function stop(clusterDir: string, pid: number): Promise<void> {
  for (const [signal, patienceMs] of [["SIGINT", 30_000] as const, ["SIGQUIT", 5_000] as const]) {
    if (!isAlive(pid)) return;
    process.kill(pid, signal);
    const deadline = Date.now() + patienceMs;
    while (Date.now() < deadline) {
      // The file goes last in a clean shutdown; the process may stay behind as a zombie of another parent.
      if (!isAlive(pid) || (await readPostmaster(clusterDir))?.pid !== pid) return;
      await sleep(20);
    }
  }
  throw new Error(`embedded Postgres (process ${pid}) did not stop`);
}

/** Lines 1 and 4 of postmaster.pid. Null where there is none or it is still being written. */
export async function readPostmaster(clusterDir: string): Promise<Postmaster | null> {
  const text = await readFile(join(clusterDir, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const [pid, port] = [Number(lines[0]), Number(lines[3])];
  return Number.isInteger(pid) && Number.isInteger(port) && pid > 0 && port > 0 ? { pid, port } : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
