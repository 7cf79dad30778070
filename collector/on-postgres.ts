import type { Pool } from "pg";
import type { Logger } from "pino";
import { ensureKey } from "#database/keys/ensure-key";
import { KeyRing } from "#database/keys/key-ring";
import { query } from "#database/pool";
import { startCollector, type Collector } from "./collector.ts";
import type { CollectorConfig } from "./config.ts";
import { createRecorder } from "./record/recorder.ts";

/**
 * Starts a collector that records into a migrated database, through a pool of role `quotel_writer`. The pool stays the
 * caller's. Rejects when the database is away at the start or the port is taken; later the collector waits by itself.
 */
export async function startCollectorOnPostgres(config: CollectorConfig, pool: Pool, log: Logger): Promise<Collector> {
  if (config.ingestKey !== null) {
    await ensureKey(pool, { keyId: "ingest", kind: "ingest", token: config.ingestKey });
  }
  const keys = new KeyRing(pool);
  const recorder = await createRecorder({ pool, defaultPlan: config.defaultPlan, log });
  try {
    return await startCollector(config, {
      recorder,
      authenticate: (token) => keys.authenticate(token, ["ingest"]),
      ready: async () => (await query(pool, { name: "ready", text: "select 1" })).rowCount === 1,
      log,
    });
  } catch (error) {
    await recorder.close();
    throw error;
  }
}
