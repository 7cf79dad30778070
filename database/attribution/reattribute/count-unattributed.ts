import type { Pool } from "pg";
import { query } from "../../pool.ts";
import { UNATTRIBUTED, filterValues } from "./unattributed-filter.ts";
import type { UnattributedFilter } from "./unattributed-filter.ts";

/** Events of `unattributed` that can be moved together: of one day of the ledger and one backfill (null = none). */
export interface UnattributedGroup {
  /** `YYYY-MM-DD` */
  readonly eventDay: string;
  readonly backfillId: string | null;
  readonly events: number;
  /** Some of these: accounted on days whose ledger is not complete any more (I3). */
  readonly sealed: number;
}

/** The events that match, in groups, the oldest first. */
export async function countUnattributed(pool: Pool, filter: UnattributedFilter): Promise<UnattributedGroup[]> {
  const { rows } = await query<UnattributedGroup>(pool, {
    name: "count-unattributed",
    text: `
      select e.event_day::text as "eventDay", b.backfill_id::text as "backfillId", count(*)::bigint as events,
        count(*) filter (where e.day_start < s.unsealed_from)::bigint as sealed
      from quotel.usage_events e
      cross join quotel.ledger_seal s
      left join quotel.backfill_batches b on b.batch = e.batch
      where ${UNATTRIBUTED}
      group by 1, 2
      order by 1, 2`,
    values: filterValues(filter),
  });
  return rows;
}
