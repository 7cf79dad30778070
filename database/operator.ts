import type { Pool } from "pg";
import { attachEmbedded } from "./embedded/start.ts";
import { createPool } from "./pool.ts";

/** Where an operator's command finds the database. */
export interface OperatorConfig {
  /** Null = the embedded server that runs in `dataDir`. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly prepared: boolean;
}

export type OperatorConfigResult =
  | { readonly kind: "config"; readonly config: OperatorConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What an operator's command does, made of its arguments; or what is wrong with them. Resolves with the exit code.
 */
export type OperatorCommand = (args: readonly string[], env: Env) => ((pool: Pool) => Promise<number>) | string;

/** Reads `QUOTEL_MIGRATE_DATABASE_URL`, else `DATABASE_URL`; names every problem. */
export function readOperatorConfig(env: Env): OperatorConfigResult {
  const name = env["QUOTEL_MIGRATE_DATABASE_URL"]?.trim() ? "QUOTEL_MIGRATE_DATABASE_URL" : "DATABASE_URL";
  const databaseUrl = env[name]?.trim() || null;
  const prepared = env["QUOTEL_PREPARED"]?.trim() || "on";
  const problems: string[] = [];
  // The value is not repeated: it holds a password.
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push(`${name} must begin with postgres:// or postgresql://`);
  }
  if (prepared !== "on" && prepared !== "off") problems.push(`QUOTEL_PREPARED=${prepared} is neither on nor off`);
  if (problems.length > 0) return { kind: "invalid", problems };
  const dataDir = env["QUOTEL_DATA_DIR"]?.trim() || ".quotel";
  return { kind: "config", config: { databaseUrl, dataDir, prepared: prepared === "on" } };
}

/**
 * Runs a command of an operator on the database that `npm run migrate` would take: as the owner of everything, or as the
 * embedded server's superuser. Services never connect so (I13).
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
    console.error(error instanceof Error ? error.message : error);
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

async function withPool(
  { databaseUrl, dataDir, prepared }: OperatorConfig,
  applicationName: string,
  work: (pool: Pool) => Promise<number>,
): Promise<number> {
  const running = databaseUrl === null ? await attachEmbedded(dataDir) : null;
  const connectionString = databaseUrl ?? running?.adminUrl;
  if (connectionString === undefined) {
    throw new Error(`set DATABASE_URL, or run npm start: no embedded Postgres is running in ${dataDir}`);
  }
  const pool = createPool({ connectionString, applicationName, prepared, max: 4 });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}
