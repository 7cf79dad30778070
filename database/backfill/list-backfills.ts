import type { Pool } from "pg";
import { query } from "../pool.ts";

export interface Backfill {
  readonly backfillId: string;
  readonly fileName: string;
  /** Hex. */
  readonly sha256: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly revertedAtMs: number | null;
  readonly closedAtMs: number | null;
  /** `YYYY-MM-DD`; null = it has touched none. */
  readonly firstDay: string | null;
  readonly lastDay: string | null;
  readonly events: number;
}

/** All runs of `npm run backfill`, the youngest first; or the one of this id. */
export async function listBackfills(pool: Pool, backfillId: string | null = null): Promise<Backfill[]> {
  const { rows } = await query<Backfill>(pool, {
    name: "list-backfills",
    text: `
      select backfill_id::text as "backfillId", file_name as "fileName", encode(sha256, 'hex') as sha256,
        (extract(epoch from started_at) * 1000)::bigint as "startedAtMs",
        (extract(epoch from finished_at) * 1000)::bigint as "finishedAtMs",
        (extract(epoch from reverted_at) * 1000)::bigint as "revertedAtMs",
        (extract(epoch from closed_at) * 1000)::bigint as "closedAtMs",
        first_day::text as "firstDay", last_day::text as "lastDay", events
      from quotel.backfills
      where $1::uuid is null or backfill_id = $1
      order by started_at desc`,
    values: [backfillId],
  });
  return rows;
}
