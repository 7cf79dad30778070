import type { Pool } from "pg";
import { query } from "../pool.ts";
import { dropOldPartitions } from "./drop-old-partitions.ts";
import { forgetOldRows } from "./forget-old-rows.ts";

/** What was removed: days of the ledger, and rows. */
export interface CleanedUp {
  readonly days: number;
  readonly rows: number;
}

/**
 * Removes everything whose time is over (A4): ledger and metric points beyond the horizon, audit events of more than two
 * years, and what is kept beside them. Each in a transaction of its own; any number of processes may do it at once.
 */
export async function cleanUp(pool: Pool): Promise<CleanedUp> {
  const days = await dropOldPartitions(pool);
  const forgotten = await forgetOldRows(pool);
  const points = await countOf(pool, "quotel.cleanup_old_metric_points()");
  const auditEvents = await countOf(pool, "public.cleanup_old_audit_events()");
  return { days, rows: forgotten + points + auditEvents };
}

async function countOf(pool: Pool, call: string): Promise<number> {
  const { rows } = await query<{ deleted: number }>(pool, {
    name: `clean-up ${call}`,
    text: `select ${call} as deleted`,
  });
  return rows[0]!.deleted;
}
