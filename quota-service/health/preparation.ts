import { setTimeout as sleep } from "node:timers/promises";
import type { Pool } from "pg";
import type { Logger } from "pino";
import { ensureKey } from "#database/keys/ensure-key";
import { applyCatalogueAtStart } from "#database/plans/apply-catalogue";
import type { Catalogue } from "#database/plans/catalogue";
import { isUnavailable } from "#database/sqlstate";
import type { QuotaServiceConfig } from "../config.ts";

const RETRY_EVERY_MS = 1_000;

/** Stores the configured keys and puts the catalogue in force. Repeated, or done by several processes, it changes nothing. */
async function prepare(pool: Pool, config: QuotaServiceConfig, catalogue: Catalogue, log: Logger): Promise<void> {
  const { serviceKey, adminKey } = config;
  if (serviceKey !== null) await ensureKey(pool, { keyId: "service", kind: "service", token: serviceKey });
  if (adminKey !== null) await ensureKey(pool, { keyId: "admin", kind: "admin", token: adminKey });
  const changed = (await applyCatalogueAtStart(pool, catalogue)).filter(({ isNew }) => isNew);
  if (changed.length > 0) {
    log.info({ plans: changed.map(({ planId, version }) => ({ planId, version })) }, "plans put in force");
  }
}

/** What a start has to do in the database, once the database is there. */
export interface Preparation {
  readonly isDone: () => boolean;
  /** Gives up; resolves when nothing is running any more. */
  readonly stop: () => Promise<void>;
}

/**
 * Prepares the database, or, while it is away, resolves at once and tries again every second: a service without a
 * database still answers (I14). Rejects where trying again cannot help.
 */
export async function startPreparation(
  pool: Pool,
  config: QuotaServiceConfig,
  catalogue: Catalogue,
  log: Logger,
): Promise<Preparation> {
  const stopping = new AbortController();
  const attempt = async (): Promise<boolean> => {
    try {
      await prepare(pool, config, catalogue, log);
      return true;
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      log.warn({ err: error }, "the database is away; trying again");
      return false;
    }
  };
  let isDone = await attempt();
  const retry = async (): Promise<void> => {
    while (!isDone && !stopping.signal.aborted) {
      await sleep(RETRY_EVERY_MS, undefined, { signal: stopping.signal }).catch(() => {});
      if (!stopping.signal.aborted) isDone = await attempt();
    }
  };
  const retrying = retry().catch((error: unknown) => log.error({ err: error }, "the database cannot be prepared"));
  return {
    isDone: () => isDone,
    stop: () => {
      stopping.abort();
      return retrying;
    },
  };
}
