import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { KeyRing } from "#database/keys/key-ring";
import { describeProblem } from "#database/plans/catalogue";
import type { Catalogue } from "#database/plans/catalogue";
import { loadCatalogue } from "#database/plans/file/load-catalogue";
import type { QuotaServiceConfig } from "./config.ts";
import { createDecisionEngine } from "./decisions/engine.ts";
import { gracefulClose } from "./http/server/graceful-close.ts";
import { createListener } from "./http/server/listener.ts";
import { Metrics } from "./health/metrics.ts";
import { startPreparation } from "./health/preparation.ts";
import { watchTelemetryMark } from "./health/telemetry-mark.ts";
import { startExpirySweep } from "./quota/expiry-sweep.ts";
import { allRoutes } from "./routes.ts";

export interface QuotaServiceParts {
  /** Connected as quotel_writer; ending it is the caller's. */
  readonly pool: Pool;
  readonly log: Logger;
}

export interface RunningQuotaService {
  readonly url: string;
  /** Stops accepting, answers what is open, and waits for everything that is being decided. */
  readonly close: () => Promise<void>;
}

/** Longer than load balancers keep a connection, so that they, not we, close an idle one. */
const KEEP_ALIVE_MS = 65_000;
const SHUTDOWN_TIMEOUT_MS = 10_000;

/**
 * Starts the quota service: stores the configured keys, puts the plan catalogue in force, serves the API and ends
 * reservations whose time has run out. Rejects when the catalogue is wrong or the port is taken; starts, unready, while
 * the database is away.
 */
export async function startQuotaService(
  config: QuotaServiceConfig,
  { pool, log }: QuotaServiceParts,
): Promise<RunningQuotaService> {
  const catalogue = await requireCatalogue(config);
  const preparation = await startPreparation(pool, config, catalogue, log);
  const telemetry = watchTelemetryMark(pool, log);
  const metrics = new Metrics();
  const engine = createDecisionEngine({
    pool,
    defaultPlan: config.defaultPlan,
    log,
    telemetryMarkMs: telemetry.oldestMs,
    onDecidedAway: ({ mode }) => metrics.decidedWithoutDatabase(mode),
  });
  metrics.watch("database_away", "1 while decisions are made without the database", () =>
    engine.isDatabaseAway() ? 1 : 0,
  );
  metrics.watch("denials_dropped", "Denials that could be neither counted nor kept", () => engine.denialsDropped());
  const routes = allRoutes({ pool, engine, defaultPlan: config.defaultPlan, metrics, isPrepared: preparation.isDone });
  const server: Server = createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS },
    createListener({ routes, keyRing: new KeyRing(pool), log, isClosing: () => !server.listening }),
  );
  const closeServer = gracefulClose(server, SHUTDOWN_TIMEOUT_MS);
  try {
    server.listen(config.port, config.host);
    await once(server, "listening");
  } catch (error) {
    await Promise.all([preparation.stop(), telemetry.stop()]);
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
      throw new Error(`port ${config.port} of ${config.host} is in use: stop what has it, or set QUOTEL_QUOTA_PORT`, {
        cause: error,
      });
    }
    throw error;
  }
  const sweep = startExpirySweep(pool, metrics, log);
  const close = async (): Promise<void> => {
    await closeServer();
    await Promise.all([engine.drain(), sweep.stop(), preparation.stop(), telemetry.stop()]);
  };
  return { url: urlOf(server), close };
}

/** The plan catalogue, which must have the plan that new tenants get. */
async function requireCatalogue({ plansFile, defaultPlan }: QuotaServiceConfig): Promise<Catalogue> {
  const loaded = await loadCatalogue(plansFile);
  if (!loaded.ok) {
    const problems = loaded.problems.map(describeProblem);
    throw new Error(`The plan catalogue ${plansFile} cannot be used:\n${problems.join("\n")}`);
  }
  if (defaultPlan !== null && !Object.hasOwn(loaded.catalogue.plans, defaultPlan)) {
    const known = Object.keys(loaded.catalogue.plans).join(", ");
    throw new Error(`QUOTEL_DEFAULT_PLAN=${defaultPlan} is not a plan of ${plansFile} (${known}, or none)`);
  }
  return loaded.catalogue;
}

function urlOf(server: Server): string {
  const { address, port, family } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
