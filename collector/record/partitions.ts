import type { Pool } from "pg";
import { utcDayOfMicros } from "#database/periods/instant";
import { ensurePartitions } from "#database/record/ensure-partitions";
import { PARTITION_DAYS_AHEAD, PARTITION_DAYS_BEHIND } from "./horizon.ts";

const DAY_MS = 86_400_000;

/** Makes every partition that an event accepted at `nowMs` can need. */
export async function ensurePartitionsAround(pool: Pool, nowMs: number): Promise<void> {
  const day = (offset: number): string => utcDayOfMicros((nowMs + offset * DAY_MS) * 1000);
  await ensurePartitions(pool, day(-PARTITION_DAYS_BEHIND), day(PARTITION_DAYS_AHEAD));
}
