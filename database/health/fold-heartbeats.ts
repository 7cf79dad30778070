import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/**
 * Keeps with each producer's run what its latest heartbeat told: the one with the highest number, so what comes again or
 * late changes nothing. What its counts grew by goes to the minute in which that was received; so those sums are, over all
 * minutes, what the latest heartbeats say. Runs under the rollups' lock, after `foldArrivals`, so nobody else writes these
 * rows; the heartbeats of a run that is not followed are left out.
 */
export async function foldHeartbeats(client: ClientBase): Promise<void> {
  await query(client, {
    name: "fold-heartbeats",
    text: `
      with taken as (
        delete from quotel.unfolded_heartbeats returning *
      ), latest as (
        select distinct on (producer, boot_id) *,
          max(told_at) filter (where counters ->> 'dropped' = '0') over (partition by producer, boot_id) as lossless_at
        from taken order by producer, boot_id, seq desc
      ), news as (
        select l.*, b.counters as counters_before, l.seq > coalesce(b.told_seq, 0) as is_newer
        from latest l join quotel.producer_boots b using (producer, boot_id)
      ), kept as (
        update quotel.producer_boots b set
          lossless_at = greatest(b.lossless_at, n.lossless_at),
          told_seq = case when n.is_newer then n.seq else b.told_seq end,
          told_at = case when n.is_newer then n.told_at else b.told_at end,
          service = case when n.is_newer then n.service else b.service end,
          counters = case when n.is_newer then n.counters else b.counters end
        from news n where (b.producer, b.boot_id) = (n.producer, n.boot_id)
      )
      insert into quotel.producer_reports as r (minute, counter, amount)
      select date_bin('1 minute', n.received_at, timestamptz 'epoch'), c.key, sum(c.growth)
      from news n cross join lateral (
        select key, value::bigint - coalesce((n.counters_before ->> key)::bigint, 0) as growth
        from jsonb_each_text(n.counters)
        -- How many wait goes up and down.
        where key <> 'waiting') c
      where n.is_newer and c.growth > 0
      group by 1, 2
      on conflict (minute, counter) do update set amount = r.amount + excluded.amount`,
  });
}
