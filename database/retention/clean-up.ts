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
  const { rows } = await query<{ deleted: number }>(pool, {
    name: "clean-up-audit-events",
    text: "select public.cleanup_old_audit_events() as deleted",
  });
  return { days, rows: forgotten + rows[0]!.deleted };
}
