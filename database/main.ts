/** `npm run migrate`: brings a database up to date and says what it did. */
import { Client } from "pg";
import { startEmbedded } from "./embedded/start.ts";
import { migrate } from "./migrate.ts";
import { ROLES, ensureLogin } from "./roles.ts";

export interface DatabaseConfig {
  /** Null = the embedded server. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  readonly postgresPort: number;
  /** `DATABASE_URL` and `QUOTEL_READER_DATABASE_URL`: what services and Grafana connect as. */
  readonly loginUrls: readonly string[];
}

type ConfigResult =
  | { readonly kind: "config"; readonly config: DatabaseConfig }
  | { readonly kind: "invalid"; readonly problems: readonly string[] };

/** Reads `QUOTEL_MIGRATE_DATABASE_URL`, else `DATABASE_URL`, else what the embedded server needs. Reports all problems. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): ConfigResult {
  const problems: string[] = [];
  const urlOf = (name: string): string | null => {
    const url = env[name] || null;
    // The value is not repeated: it holds a password.
    if (url !== null && !/^postgres(ql)?:\/\//.test(url))
      problems.push(`${name} must begin with postgres:// or postgresql://`);
    return url;
  };
  const serviceUrl = urlOf("DATABASE_URL");
  const readerUrl = urlOf("QUOTEL_READER_DATABASE_URL");
  const port = env["QUOTEL_POSTGRES_PORT"] || "54329";
  if (!/^\d+$/.test(port) || Number(port) > 65_535) {
    problems.push(`QUOTEL_POSTGRES_PORT must be an integer from 0 to 65535, but is "${port}"`);
  }
  const config: DatabaseConfig = {
    databaseUrl: urlOf("QUOTEL_MIGRATE_DATABASE_URL") ?? serviceUrl,
    dataDir: env["QUOTEL_DATA_DIR"] || ".quotel",
    postgresPort: Number(port),
    loginUrls: [serviceUrl, readerUrl].filter((url) => url !== null),
  };
  return problems.length > 0 ? { kind: "invalid", problems } : { kind: "config", config: Object.freeze(config) };
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
  const read = readConfig(process.env);
  if (read.kind === "invalid") throw new Error(read.problems.join("\n"));
  const { config } = read;
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
    await server.close();
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
