import type { Pool } from "pg";
import { readConfig } from "#database/main";
import { openOwnerPool } from "#database/repair/owner";
import { INSUFFICIENT_PRIVILEGE, errorCode } from "#database/sqlstate";

/**
 * Runs a command that works on the database with the owner's rights, as `npm run migrate` connects, and says in plain
 * words why it could not.
 *
 * @returns the process' exit code
 */
export async function runOwnerCommand(
  env: Readonly<Record<string, string | undefined>>,
  applicationName: string,
  work: (pool: Pool) => Promise<number>,
): Promise<number> {
  const read = readConfig(env);
  if (read.kind === "invalid") return refuse(read.problems);
  let pool: Pool | null = null;
  try {
    pool = await openOwnerPool(read.config, applicationName);
    return await work(pool);
  } catch (error) {
    if (errorCode(error) === INSUFFICIENT_PRIVILEGE) {
      return refuse([
        "this needs the owner's rights: set QUOTEL_MIGRATE_DATABASE_URL to whom npm run migrate connects as",
      ]);
    }
    return refuse([error instanceof Error ? error.message : String(error)]);
  } finally {
    await pool?.end();
  }
}

/** Says what is wrong. */
export function refuse(problems: readonly string[]): number {
  for (const problem of problems) console.error(problem);
  return 1;
}
