import type { Pool } from "pg";
import { query } from "../pool.ts";

/** How many rows of a reason wait in quarantine. */
export interface QuarantineCount {
  readonly signal: string;
  readonly reason: string;
  readonly rows: number;
}

/** Rows by signal and reason, the most frequent first; resolved ones are left out. */
export async function countQuarantine(pool: Pool): Promise<QuarantineCount[]> {
  const { rows } = await query<QuarantineCount>(pool, {
    name: "count-quarantine-by-reason",
    text: `
      select signal, reason, count(*)::bigint as rows from quotel.quarantine
      where resolved_at is null
      group by signal, reason
      order by rows desc, signal, reason`,
  });
  return rows;
}
