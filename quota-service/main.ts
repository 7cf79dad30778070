/** Runs the quota service as a process: prints its URL, and on SIGTERM or SIGINT answers what is open and ends. */
import { pino } from "pino";
import { attachEmbedded } from "#database/embedded/start";
import { createPool } from "#database/pool";
import { isPrivileged, roleUrl } from "#database/roles";
import { isUnavailable } from "#database/sqlstate";
import { readConfig } from "./config.ts";
import type { QuotaServiceConfig } from "./config.ts";
import { startQuotaService } from "./quota-service.ts";

const log = pino({ name: "quotel-quota-service" });

const read = readConfig(process.env);
if (read.kind === "invalid") {
  for (const problem of read.problems) console.error(problem);
  process.exit(1);
}

try {
  await run(read.config);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}

async function run(config: QuotaServiceConfig): Promise<void> {
  const pool = createPool({
    connectionString: config.databaseUrl ?? (await embeddedUrl(config.dataDir)),
    applicationName: "quotel-quota-service",
    prepared: config.prepared,
    onIdleError: (error) => log.warn({ err: error }, "database connection lost"),
  });
  if (await isPrivileged(pool).catch(falseWhileAway)) {
    throw new Error(
      "DATABASE_URL names a superuser or the owner; connect as quotel_writer, so that a fault stays small",
    );
  }
  const service = await startQuotaService(config, { pool, log });
  log.info(`quota service listening on ${service.url}`);
  const stop = async (): Promise<void> => {
    await service.close();
    await pool.end();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());
}

async function embeddedUrl(dataDir: string): Promise<string> {
  const server = await attachEmbedded(dataDir);
  if (server === null) {
    throw new Error(`No DATABASE_URL is set and no embedded Postgres runs in ${dataDir}: run npm start, or set one`);
  }
  return roleUrl(server.adminUrl, "quotel_writer");
}

/** A service starts, unready, without its database; the roles cannot be told then. */
function falseWhileAway(error: unknown): boolean {
  if (isUnavailable(error)) return false;
  throw error;
}
