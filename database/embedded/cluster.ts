import { randomBytes } from "node:crypto";
import { chown, mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorCode } from "../sqlstate.ts";
import type { Binaries } from "./binaries.ts";
import { programPath } from "./binaries.ts";
import type { OsUser } from "./os-user.ts";
import { canWrite, runAs } from "./os-user.ts";

/** The superuser of an embedded cluster. */
export const SUPERUSER = "postgres";

const PASSWORD_FILE = "quotel-password";

/** Whether the folder holds a complete cluster. Throws where another user's cluster is in the way. */
export async function isInitialised(clusterDir: string): Promise<boolean> {
  try {
    await stat(join(clusterDir, PASSWORD_FILE));
    return true;
  } catch (error) {
    if (errorCode(error) === "EACCES") throw unreachable(clusterDir, "This user", error);
    return false;
  }
}

/** The superuser's password, kept inside the cluster (mode 0600) so that the two cannot part. */
export async function readPassword(clusterDir: string): Promise<string> {
  return (await readFile(join(clusterDir, PASSWORD_FILE), "utf8")).trim();
}

/**
 * Makes a cluster (UTF-8, C collation, password authentication only, a random password). It is built beside its place
 * and renamed into it, so that an interrupted start leaves none, and of two processes that start at once one wins.
 */
export async function initialise(clusterDir: string, binaries: Binaries, user: OsUser): Promise<void> {
  const staging = `${clusterDir}.new-${process.pid}`;
  const built = join(staging, "cluster");
  const passwordFile = join(staging, "password");
  try {
    await mkdir(dirname(clusterDir), { recursive: true });
    await mkdir(staging, { mode: 0o700 });
  } catch (error) {
    throw unreachable(dirname(clusterDir), "This user", error);
  }
  try {
    await writeFile(passwordFile, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
    if (user !== null) for (const path of [staging, passwordFile]) await chown(path, user.uid, user.gid);
    await requireReachable(staging, user, dirname(clusterDir));
    await runAs(user, programPath(binaries, "initdb"), initdbArguments(built, passwordFile), staging);
    await rename(passwordFile, join(built, PASSWORD_FILE));
    await rename(built, clusterDir).catch(async (error: unknown) => {
      if (!(await isInitialised(clusterDir))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const initdbArguments = (directory: string, passwordFile: string): string[] => [
  `--pgdata=${directory}`,
  `--username=${SUPERUSER}`,
  `--pwfile=${passwordFile}`,
  "--auth=scram-sha-256",
  "--encoding=UTF8",
  "--locale=C",
  "--data-checksums",
  // Nothing is in it yet: a machine that dies within this second costs a new initdb.
  "--no-sync",
];

/** Throws a message that says what to do where Postgres' user cannot use the folder. */
export async function requireReachable(directory: string, user: OsUser, shown = directory): Promise<void> {
  if (await canWrite(user, directory)) return;
  throw unreachable(
    shown,
    user === null ? "This user" : `Postgres does not run as root, so it runs as user ${user.uid}, which`,
  );
}

function unreachable(directory: string, who: string, cause?: unknown): Error {
  return new Error(
    `${who} cannot reach the data folder ${directory}. Set QUOTEL_DATA_DIR to a folder it can enter (for example /var/lib/quotel), or run quotel as an ordinary user.`,
    { cause },
  );
}
