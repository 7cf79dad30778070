import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Adds what record transactions took in to the minutes of receipt. Runs under the rollups' lock. */
export async function foldIntake(client: ClientBase): Promise<void> {
  await query(client, {
    name: "fold-intake",
    text: `
      with taken as (
        delete from quotel.unfolded_intake returning *
      )
      insert into quotel.folded_intake as f
      select date_bin('1 minute', received_at, timestamptz 'epoch'), sum(events), sum(unattributed), sum(model_events),
        sum(unpriced), sum(estimated), sum(lag_ms_sum), max(newest_ended_at)
      from taken group by 1
      on conflict (minute) do update set
        events = f.events + excluded.events,
        unattributed = f.unattributed + excluded.unattributed,
        model_events = f.model_events + excluded.model_events,
        unpriced = f.unpriced + excluded.unpriced,
        estimated = f.estimated + excluded.estimated,
        lag_ms_sum = f.lag_ms_sum + excluded.lag_ms_sum,
        newest_ended_at = greatest(f.newest_ended_at, excluded.newest_ended_at)`,
  });
}
