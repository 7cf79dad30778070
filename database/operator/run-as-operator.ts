import type { Pool } from "pg";
import { attachEmbedded } from "../embedded/start.ts";
import { createPool } from "../pool.ts";
import { INSUFFICIENT_PRIVILEGE, errorCode } from "../sqlstate.ts";
import { readOperatorConfig } from "./operator-config.ts";
import type { Env, OperatorConfig } from "./operator-config.ts";

/**
 * What an operator's command does, made of its arguments; or what is wrong with them. Resolves with the exit code.
 */
export type OperatorCommand = (args: readonly string[], env: Env) => ((pool: Pool) => Promise<number>) | string;

/**
 * Runs a command of an operator on the database that `npm run migrate` would take: as the owner of everything, or as the
 * embedded server's superuser. Services never connect so (I13). What fails is said in plain words.
 *
 * @returns the exit code: 2 = the arguments or the environment are wrong, which stderr explains
 */
export async function runAsOperator(
  applicationName: string,
  env: Env,
  args: readonly string[],
  commandOf: OperatorCommand,
): Promise<number> {
  const command = understood(args, env, commandOf);
  const read = readOperatorConfig(env);
  const problems = [
    ...(typeof command === "string" ? [command] : []),
    ...(read.kind === "invalid" ? read.problems : []),
  ];
  if (typeof command === "string" || read.kind === "invalid") {
    console.error(problems.join("\n"));
    return 2;
  }
  try {
    return await withPool(read.config, applicationName, command);
  } catch (error) {
    console.error(explained(error));
    return 1;
  }
}

function understood(args: readonly string[], env: Env, commandOf: OperatorCommand): ReturnType<OperatorCommand> {
  try {
    return commandOf(args, env);
  } catch (error) {
    // What parseArgs does not understand has a code; anything else is a defect.
    if (error instanceof TypeError && "code" in error) return error.message;
    throw error;
  }
}

function explained(error: unknown): unknown {
  if (errorCode(error) === INSUFFICIENT_PRIVILEGE) {
    return "this needs the owner's rights: set QUOTEL_MIGRATE_DATABASE_URL to whom npm run migrate connects as";
  }
  return error instanceof Error ? error.message : error;
}

async function withPool(
  { databaseUrl, dataDir, prepared }: OperatorConfig,
  applicationName: string,
  work: (pool: Pool) => Promise<number>,
): Promise<number> {
  const running = databaseUrl === null ? await attachEmbedded(dataDir) : null;
  const connectionString = databaseUrl ?? running?.adminUrl;
  if (connectionString === undefined) {
    throw new Error(
      `set QUOTEL_MIGRATE_DATABASE_URL or DATABASE_URL, or run npm start: no embedded Postgres is running in ${dataDir}`,
    );
  }
  const pool = createPool({ connectionString, applicationName, prepared, max: 4 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
