/** `npm start`: the whole of quotel in one process, on the embedded Postgres unless DATABASE_URL is set. */
import { Client } from "pg";
import { pino } from "pino";
import { readConfig as readCollectorConfig } from "./collector/config.ts";
import { startCollectorOnPostgres } from "./collector/on-postgres.ts";
import { startEmbedded } from "#database/embedded/start";
import { ensureCredentials } from "#database/keys/credentials";
import { readConfig as readDatabaseConfig } from "#database/main";
import type { DatabaseConfig } from "#database/main";
import { migrate } from "#database/migrate";
import { createPool } from "#database/pool";
import { ensureLogins, isPrivileged, roleUrl } from "#database/roles";
import { readConfig as readQuotaConfig } from "./quota-service/config.ts";
import { startQuotaService } from "./quota-service/quota-service.ts";

type Closing = () => Promise<void>;

const log = pino({ name: "quotel", level: process.env["QUOTEL_LOG_LEVEL"] ?? "warn" });

try {
  await start(process.env);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** Starts every part in order; what has been started is closed in reverse, on a signal or when a later part fails. */
async function start(env: NodeJS.ProcessEnv): Promise<void> {
  readConfigs(env); // all problems at once, before anything is made
  const { credentials, file } = await ensureCredentials(env["QUOTEL_DATA_DIR"] || ".quotel", env);
  const configs = readConfigs({ ...env, ...credentials });
  const closings: Closing[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closings.splice(0).reverse()) await close();
  };
  let starting = true;
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: draining`);
    // What is being started right now is closed as soon as it has started.
    if (!starting) void closeAll();
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  try {
    const { url, where } = await openDatabase(configs.database, env, closings);
    const poolFor = (part: string) => {
      const pool = createPool({
        connectionString: url,
        applicationName: `quotel-${part}`,
        prepared: configs.collector.prepared,
        onIdleError: (error) => log.warn({ err: error }, "a database connection was lost"),
      });
      closings.push(() => pool.end());
      return pool;
    };
    const quota = await startQuotaService(configs.quota, { pool: poolFor("quota-service"), log });
    closings.push(quota.close);
    const collector = await startCollectorOnPostgres(configs.collector, poolFor("collector"), log);
    closings.push(collector.close);
    console.log(
      [
        `quotel is running.`,
        `  collector      ${collector.url}   (OTLP/HTTP: /v1/traces, /v1/metrics, /v1/logs; /metrics)`,
        ...(collector.grpcUrl === null ? [] : [`                 ${collector.grpcUrl}   (OTLP/gRPC)`]),
        `  quota service  ${quota.url}   (API at /openapi.json)`,
        `  database       ${where}`,
        `  keys           ${file}`,
      ].join("\n"),
    );
  } catch (error) {
    await closeAll();
    throw error;
  }
  starting = false;
  if (stopping) await closeAll();
}

function readConfigs(env: NodeJS.ProcessEnv) {
  const database = readDatabaseConfig(env);
  const collector = readCollectorConfig(env);
  const quota = readQuotaConfig(env);
  if (database.kind === "config" && collector.kind === "config" && quota.kind === "config") {
    return { database: database.config, collector: collector.config, quota: quota.config };
  }
  const problems = [database, collector, quota].flatMap((read) => (read.kind === "invalid" ? read.problems : []));
  throw new Error([...new Set(problems)].join("\n"));
}

/** A migrated database, and the URL by which services reach it: never as superuser or owner (I13). */
async function openDatabase(
  { databaseUrl: adminUrl, dataDir, postgresPort }: DatabaseConfig,
  env: NodeJS.ProcessEnv,
  closings: Closing[],
): Promise<{ url: string; where: string }> {
  if (adminUrl === null) {
    const server = await startEmbedded({ dataDir, port: postgresPort, log: (line) => log.info(line) });
    closings.push(server.close);
    await migrateAndGiveLogins(server.adminUrl);
    return { url: roleUrl(server.adminUrl, "quotel_writer"), where: `embedded Postgres on port ${server.port}` };
  }
  const serviceUrl = env["DATABASE_URL"] ?? adminUrl;
  if (await connectsPrivileged(serviceUrl)) {
    await migrateAndGiveLogins(adminUrl);
    return { url: roleUrl(adminUrl, "quotel_writer"), where: new URL(adminUrl).host };
  }
  await migrate(adminUrl);
  return { url: serviceUrl, where: new URL(serviceUrl).host };
}

async function migrateAndGiveLogins(adminUrl: string): Promise<void> {
  await migrate(adminUrl);
  await withClient(adminUrl, (client) => ensureLogins(client, adminUrl));
}

function connectsPrivileged(url: string): Promise<boolean> {
  return withClient(url, isPrivileged);
}

async function withClient<T>(connectionString: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
