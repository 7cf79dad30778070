import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { Unfolded } from "../rollups/read-unfolded.ts";

/**
 * Notes which tenants' days the events of some batches belong to and where in the ledger they are, for the verifier: it
 * looks at the days that changed, and needs to find all of their events. Runs under the rollups' lock.
 */
export async function noteDays(client: ClientBase, { batches, firstDay, lastDay }: Unfolded): Promise<void> {
  await query(client, {
    name: "note-days",
    text: `
      insert into quotel.accounted_days as d (tenant_id, day_start, first_event_day, last_event_day, events, touched_at)
      select tenant_id, day_start, min(event_day), max(event_day), count(*), clock_timestamp()
      from quotel.usage_events e
      where e.event_day between $2::date and $3::date and e.batch = any ($1::bigint[])
      group by tenant_id, day_start
      order by tenant_id, day_start
      on conflict (tenant_id, day_start) do update set
        first_event_day = least(d.first_event_day, excluded.first_event_day),
        last_event_day = greatest(d.last_event_day, excluded.last_event_day),
        events = d.events + excluded.events,
        touched_at = excluded.touched_at`,
    values: [batches, firstDay, lastDay],
  });
}
