/** `npm run migrate`: brings a database up to date and says what it did. */
import { Client } from "pg";
import { startEmbedded } from "./embedded/start.ts";
import { migrate } from "./migrate.ts";
import { ROLES, ensureLogin } from "./roles.ts";

interface Config {
  /** Null = the embedded server. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly postgresPort: number;
  /** `DATABASE_URL` and `QUOTEL_READER_DATABASE_URL`: what services and Grafana connect as. */
  readonly loginUrls: readonly string[];
}

/** Reads `QUOTEL_MIGRATE_DATABASE_URL`, else `DATABASE_URL`, else what the embedded server needs. Lists all problems. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const problems: string[] = [];
  const databaseUrl = env["QUOTEL_MIGRATE_DATABASE_URL"] ?? env["DATABASE_URL"] ?? null;
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    problems.push("QUOTEL_MIGRATE_DATABASE_URL / DATABASE_URL: expected postgres://...");
  }
  const postgresPort = Number(env["QUOTEL_POSTGRES_PORT"] ?? 54_329);
  if (!Number.isInteger(postgresPort) || postgresPort < 0 || postgresPort > 65_535) {
    problems.push(`QUOTEL_POSTGRES_PORT: expected a port, got "${env["QUOTEL_POSTGRES_PORT"]}"`);
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const loginUrls = [env["DATABASE_URL"], env["QUOTEL_READER_DATABASE_URL"]].filter((url) => url !== undefined);
  return { databaseUrl, dataDir: env["QUOTEL_DATA_DIR"] ?? ".quotel", postgresPort, loginUrls };
}

/** Lets the roles that services and Grafana connect as log in with the passwords of their URLs. */
async function giveLogins(adminUrl: string, loginUrls: readonly string[]): Promise<void> {
  const client = new Client({ connectionString: adminUrl, application_name: "quotel-migrate" });
  await client.connect();
  try {
    for (const url of loginUrls) {
      const { username, password } = new URL(url);
      const role = ROLES.find((it) => it === decodeURIComponent(username));
      if (role !== undefined && password !== "") await ensureLogin(client, role, decodeURIComponent(password));
    }
  } finally {
    await client.end();
  }
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  if (config.databaseUrl !== null) {
    report(await migrate(config.databaseUrl));
    await giveLogins(config.databaseUrl, config.loginUrls);
    return;
  }
  const { dataDir, postgresPort: port } = config;
  const server = await startEmbedded({ dataDir, port, log: console.log });
  try {
    report(await migrate(server.adminUrl));
  } finally {
    // One that was running serves somebody else.
    if (!server.adopted) await server.close();
  }
}

function report(applied: readonly string[]): void {
  console.log(applied.length === 0 ? "The database is up to date." : `Applied:\n  ${applied.join("\n  ")}`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
