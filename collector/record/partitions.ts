import type { Pool } from "pg";
import { utcDayOfMicros } from "#database/periods/instant";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { PARTITION_DAYS_AHEAD, PARTITION_DAYS_BEHIND } from "./horizon.ts";

const DAY_MS = 86_400_000;
const INTERVAL_MS = 3_600_000;

/** Makes the ledger's daily partitions around today: now, and every hour until stopped. */
export async function keepPartitionsAhead(
  pool: Pool,
  log: { warn(details: object, message: string): void },
): Promise<{ stop(): void }> {
  const attempt = async (): Promise<void> => {
    try {
      await ensurePartitionsAround(pool, Date.now());
    } catch (error) {
      // There are three days to spare, and a missing partition is also made when a row needs it.
      log.warn({ err: error }, "could not make ledger partitions ahead; trying again in an hour");
    }
  };
  await attempt();
  const timer = setInterval(() => void attempt(), INTERVAL_MS);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

/** Makes every partition that an event accepted at `nowMs` can need. */
export async function ensurePartitionsAround(pool: Pool, nowMs: number): Promise<void> {
  const day = (offset: number): string => utcDayOfMicros((nowMs + offset * DAY_MS) * 1000);
  await ensurePartitions(pool, day(-PARTITION_DAYS_BEHIND), day(PARTITION_DAYS_AHEAD));
}
