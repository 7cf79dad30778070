import type { Pool } from "pg";
import { query } from "../pool.ts";

/** The producers' runs that were heard from in the last five minutes, as of the last fold and of what they told last. */
export interface Producers {
  readonly heard: number;
  readonly recordsLost: number;
  readonly recordsWaiting: number;
  readonly failOpen: number;
  readonly failClosed: number;
  /** Since when the run that is furthest behind is incomplete; null = nobody was heard. */
  readonly completeAgeMs: number | null;
}

export async function readProducers(pool: Pool): Promise<Producers> {
  const { rows } = await query<Producers>(pool, {
    name: "read-producers",
    text: `
      select count(*)::int as heard, coalesce(sum(lost), 0)::float8 as "recordsLost",
        coalesce(sum(waiting), 0)::float8 as "recordsWaiting",
        coalesce(sum(fail_open), 0)::float8 as "failOpen", coalesce(sum(fail_closed), 0)::float8 as "failClosed",
        (extract(epoch from now() - min(coalesce(complete_to, first_heard_at))) * 1000)::float8 as "completeAgeMs"
      from public.producer_completeness where last_heard_at > now() - interval '5 minutes'`,
  });
  return rows[0]!;
}
