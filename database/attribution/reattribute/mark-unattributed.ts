import type { ClientBase } from "pg";
import { query } from "../../pool.ts";
import { STORED_COLUMNS } from "../../record/stored-event.ts";
import type { StoredRow } from "../../record/stored-event.ts";
import type { UnattributedGroup } from "./count-unattributed.ts";
import { UNATTRIBUTED, filterValues } from "./unattributed-filter.ts";
import type { UnattributedFilter } from "./unattributed-filter.ts";

/** A row that is to be moved. */
export interface MarkedRow extends StoredRow {
  readonly producer: string;
  readonly accounted_us: number;
  readonly received_us: number;
}

/**
 * Marks rows of a group by a batch number of their own, which nobody else has, and returns them. Only rows that are
 * folded: runs under the rollups' lock, so that stays so. Ingest never changes a row, so the rows are ours.
 */
export async function markUnattributed(
  client: ClientBase,
  group: UnattributedGroup,
  filter: UnattributedFilter,
  mark: { readonly batch: number; readonly rowsMax: number },
): Promise<MarkedRow[]> {
  const { rows } = await query<MarkedRow>(client, {
    name: "mark-unattributed",
    text: `
      with chosen as (
        select e.tenant_id, e.event_day, e.trace_id, e.span_id
        from quotel.usage_events e
        left join quotel.backfill_batches b on b.batch = e.batch
        where ${UNATTRIBUTED} and e.event_day = $5::date and b.backfill_id is not distinct from $6::uuid
          and not exists (select from quotel.unfolded_batches u where u.batch = e.batch)
        order by e.tenant_id, e.event_day, e.trace_id, e.span_id
        limit $7
      )
      update quotel.usage_events e set batch = $8 from chosen c
      where (e.tenant_id, e.event_day, e.trace_id, e.span_id) = (c.tenant_id, c.event_day, c.trace_id, c.span_id)
        and e.event_day = $5::date
      returning ${STORED_COLUMNS}, e.producer,
        (extract(epoch from e.accounted_at) * 1000000)::bigint as accounted_us,
        (extract(epoch from e.received_at) * 1000000)::bigint as received_us`,
    values: [...filterValues(filter), group.eventDay, group.backfillId, mark.rowsMax, mark.batch],
  });
  return rows;
}
