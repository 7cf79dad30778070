import type { Pool } from "pg";
import type { Logger } from "pino";
import { readBacklog } from "#database/health/read-backlog";
import { ensureKey } from "#database/keys/ensure-key";
import { KeyRing } from "#database/keys/key-ring";
import { startCollector, type Collector } from "./collector.ts";
import type { CollectorConfig } from "./config.ts";
import { Metrics } from "./observe/metrics.ts";
import { readinessProblems } from "./observe/readiness.ts";
import { watchOverrides } from "./price/overrides/watch-overrides.ts";
import type { WatchedOverrides } from "./price/overrides/watch-overrides.ts";
import { createPrice } from "./price/price.ts";
import { createRefuse } from "./quarantine/refuse.ts";
import { createAuditRecorder } from "./record/audit-recorder.ts";
import { createLevelRecorder } from "./record/level-recorder.ts";
import { createRecorder } from "./record/recorder.ts";
import { startUpkeep } from "./upkeep/upkeep.ts";

/**
 * Starts a collector that records into a migrated database, through a pool of role `quotel_writer`. The pool stays the
 * caller's. Rejects when the database is away at the start or a port is taken; later the collector waits by itself.
 */
export async function startCollectorOnPostgres(config: CollectorConfig, pool: Pool, log: Logger): Promise<Collector> {
  if (config.ingestKey !== null) {
    await ensureKey(pool, { keyId: "ingest", kind: "ingest", token: config.ingestKey });
  }
  const keys = new KeyRing(pool);
  const metrics = new Metrics();
  const parts = { pool, defaultPlan: config.defaultPlan, log, metrics };
  const [recorder, levels, audit] = [createRecorder(parts), createLevelRecorder(parts), createAuditRecorder(parts)];
  metrics.counters.include("events", recorder.counters);
  metrics.counters.include("points", levels.counters);
  metrics.counters.include("audit_records", audit.counters);
  const upkeep = await startUpkeep(pool, metrics, log);
  let prices: WatchedOverrides | null = null;
  const stopUpkeep = async (): Promise<void> => {
    await Promise.all([prices?.stop(), upkeep.stop()]);
  };
  try {
    prices = await watchOverrides(pool, log);
    const collector = await startCollector(config, {
      recorder,
      levels,
      audit,
      refuse: createRefuse(pool, log),
      authenticate: (token) => keys.authenticate(token, ["ingest"]),
      problems: async () => {
        const commitWaitMs = Math.max(...[recorder, levels, audit].map((stage) => stage.commitWaitMs()));
        return readinessProblems({ backlog: await readBacklog(pool).catch(() => null), commitWaitMs });
      },
      metrics,
      log,
      price: createPrice(prices.overrides),
    });
    const close = async (): Promise<void> => {
      await collector.close();
      await stopUpkeep();
    };
    return { ...collector, close };
  } catch (error) {
    await stopUpkeep();
    throw error;
  }
}
