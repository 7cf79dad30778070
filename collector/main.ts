import { pino, type Logger } from "pino";
import { attachEmbedded } from "#database/embedded/start";
import { createPool } from "#database/pool";
import { isPrivileged, roleUrl } from "#database/roles";
import { readConfig, type CollectorConfig } from "./config.ts";
import { startCollectorOnPostgres } from "./on-postgres.ts";

/** `npm run collector`: this room alone, on the database of `DATABASE_URL` or the embedded one that is running. */
async function main(): Promise<void> {
  const log = pino({ name: "collector" });
  const read = readConfig(process.env);
  if (read.kind === "invalid") {
    log.fatal({ problems: read.problems }, "the environment is not valid");
    process.exitCode = 1;
    return;
  }
  try {
    await run(read.config, log);
  } catch (error) {
    log.fatal({ err: error }, "the collector cannot start");
    process.exitCode = 1;
  }
}

async function run(config: CollectorConfig, log: Logger): Promise<void> {
  const pool = createPool({
    connectionString: await databaseUrlOf(config),
    applicationName: "quotel-collector",
    prepared: config.prepared,
    onIdleError: (error) => log.warn({ err: error }, "a database connection was lost"),
  });
  try {
    if (await isPrivileged(pool)) {
      throw new Error("DATABASE_URL connects as a superuser or the owner; the collector runs as quotel_writer");
    }
    const collector = await startCollectorOnPostgres(config, pool, log);
    const stop = async (signal: NodeJS.Signals): Promise<void> => {
      log.info({ signal }, "draining");
      await collector.close();
      await pool.end();
    };
    process.once("SIGTERM", (signal) => void stop(signal));
    process.once("SIGINT", (signal) => void stop(signal));
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function databaseUrlOf({ databaseUrl, dataDir }: CollectorConfig): Promise<string> {
  if (databaseUrl !== null) return databaseUrl;
  const running = await attachEmbedded(dataDir);
  if (running !== null) return roleUrl(running.adminUrl, "quotel_writer");
  throw new Error(`set DATABASE_URL, or run npm start: no embedded Postgres is running in ${dataDir}`);
}

await main();
