import type { Pool } from "pg";
import { readOverrides } from "#database/prices/read-overrides";
import { PriceOverrides } from "./price-overrides.ts";

/** How late a new override is known at most; what was priced before it is for `npm run reprice`. */
const INTERVAL_MS = 30_000;

export interface WatchedOverrides {
  /** Always as last read, never older than needed: pricing waits for no database. */
  readonly overrides: PriceOverrides;
  /** Waits for a read under way. */
  readonly stop: () => Promise<void>;
}

/** Reads the overrides now (rejects when it cannot) and again every 30 seconds; where that fails the last ones stay. */
export async function watchOverrides(
  pool: Pool,
  log: { warn(details: object, message: string): void },
  intervalMs: number = INTERVAL_MS,
): Promise<WatchedOverrides> {
  const overrides = new PriceOverrides(await readOverrides(pool));
  let reading: Promise<void> | null = null;
  const read = async (): Promise<void> => {
    try {
      overrides.replace(await readOverrides(pool));
    } catch (error) {
      log.warn({ err: error }, "could not read the price overrides; the last ones stay in force");
    } finally {
      reading = null;
    }
  };
  const timer = setInterval(() => {
    reading ??= read();
  }, intervalMs);
  timer.unref();
  return {
    overrides,
    stop: async () => {
      clearInterval(timer);
      await reading;
    },
  };
}
