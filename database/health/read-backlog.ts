import type { Pool } from "pg";
import { query } from "../pool.ts";

/** What is recorded and not folded into the rollups yet. It counts all the same; reading it takes longer. */
export interface Backlog {
  readonly events: number;
  /** Age of the oldest batch; 0 = there is none. */
  readonly oldestAgeMs: number;
}

export async function readBacklog(pool: Pool): Promise<Backlog> {
  const { rows } = await query<{ events: number; oldest_age_ms: number }>(pool, {
    name: "read-backlog",
    text: `
      select coalesce(sum(events), 0)::bigint as events,
        coalesce(floor(extract(epoch from clock_timestamp() - min(opened_at)) * 1000), 0)::bigint as oldest_age_ms
      from quotel.unfolded_batches`,
  });
  const { events, oldest_age_ms } = rows[0]!;
  return { events, oldestAgeMs: Math.max(0, oldest_age_ms) };
}
