import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { promisify } from "node:util";

/** The account a command of Postgres runs as; null = our own. */
export type OsUser = { readonly uid: number; readonly gid: number } | null;

const run = promisify(execFile);

/**
 * Postgres refuses to run as root. As root we run it as the cluster's owner, or, for a new cluster, as `postgres`, else
 * `nobody`; as anyone else, as ourselves.
 */
export async function chooseOsUser(clusterDir: string): Promise<OsUser> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(clusterDir).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const user = (await lookUp("postgres")) ?? (await lookUp("nobody"));
  if (user === null)
    throw new Error('Postgres does not run as root, and there is no user "postgres" or "nobody" here.');
  return user;
}

async function lookUp(name: string): Promise<OsUser> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return null;
  }
}

/** Runs a program to its end as that user, in a folder it can read, without our environment's PG* and locale settings. */
export async function runAs(user: OsUser, program: string, args: readonly string[], cwd: string): Promise<void> {
  await run(program, [...args], { ...spawnIdentity(user), cwd });
}

/** Whether that user can write into the folder, which takes access to every folder above it. */
export async function canWrite(user: OsUser, directory: string): Promise<boolean> {
  return runAs(user, "/bin/sh", ["-c", 'test -w "$1" && test -x "$1"', "sh", directory], "/").then(
    () => true,
    () => false,
  );
}

/** What `spawn` needs to run a program of Postgres as that user. */
export function spawnIdentity(user: OsUser): { uid?: number; gid?: number; env: NodeJS.ProcessEnv } {
  const env = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };
  return user === null ? { env } : { ...user, env };
}
