import type { Pool } from "pg";
import { query } from "../pool.ts";

/**
 * The oldest instant (Unix milliseconds) to which a producer's telemetry is complete, of those heard from in the last
 * five minutes; null = none was. One whose first record is missing is complete to nothing: it counts from when it was
 * first heard. As of the last fold.
 */
export async function readOldestMark(pool: Pool): Promise<number | null> {
  const { rows } = await query<{ mark_ms: number | null }>(pool, {
    name: "read-oldest-mark",
    text: `
      select floor(extract(epoch from min(coalesce(complete_to, first_heard_at))) * 1000)::bigint as mark_ms
      from public.producer_completeness where last_heard_at > now() - interval '5 minutes'`,
  });
  return rows[0]!.mark_ms;
}
