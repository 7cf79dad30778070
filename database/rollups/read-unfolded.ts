import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Batches that are not folded yet, and where their events are. */
export interface Unfolded {
  readonly batches: readonly number[];
  /** `YYYY-MM-DD` */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly events: number;
}

/** The oldest unfolded batches, of about `eventsMax` events together; null = none. */
export async function readUnfolded(client: ClientBase, eventsMax: number): Promise<Unfolded | null> {
  const { rows } = await query<{ batches: number[] | null; first_day: string; last_day: string; events: number }>(
    client,
    {
      name: "read-unfolded",
      text: `
      select array_agg(batch order by batch) as batches, min(first_day)::text as first_day, max(last_day)::text as last_day,
        sum(events)::bigint as events
      from (
        select *, sum(events) over (order by batch) - events as before from quotel.unfolded_batches
      ) b
      where before < $1`,
      values: [eventsMax],
    },
  );
  const { batches, first_day, last_day, events } = rows[0]!;
  return batches === null ? null : { batches, firstDay: first_day, lastDay: last_day, events };
}
