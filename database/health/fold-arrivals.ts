import { HORIZON_DAYS } from "@quotel/conventions";
import type { ClientBase } from "pg";
import { query } from "../pool.ts";

/** Runs of a producer that are told apart; a sender that makes up more is not followed any further. */
const BOOTS_MAX = 10_000;
/** Gaps of one run that are told apart. Beyond it the older half is written off as lost, so that a row stays small. */
const GAPS_MAX = 1_000;
/** What came longer after its end was filled in later, and says nothing about how current its producer is. */
const LATE_DAYS_MAX = HORIZON_DAYS + 1;

/**
 * Adds the records that arrived to what is known of their producers' runs (I12). Sequence numbers are kept as a set, so
 * whatever arrives twice, out of order or under two tenants counts once. A run is complete to the newest record while
 * none is missing. With one missing the mark stays where it was, unless it is behind all that the last fold knew: what is
 * missing then is only just on its way. Runs under the rollups' lock, so nobody else writes these rows.
 */
export async function foldArrivals(client: ClientBase): Promise<void> {
  await query(client, {
    name: "fold-arrivals",
    text: `
      with taken as (
        delete from quotel.unfolded_arrivals returning *
      ), arrived as (
        select producer, boot_id, range_agg(sequences) as sequences, max(newest_ended_at) as newest_ended_at,
          min(received_at) as first_heard_at,
          max(least(received_at, newest_ended_at + make_interval(days => $1))) as last_heard_at,
          row_number() over (partition by producer order by min(received_at), boot_id) as place
        from taken group by producer, boot_id
      ), merged as (
        select a.producer, a.boot_id,
          coalesce(b.sequences, '{}') + a.sequences as sequences,
          coalesce(b.written_off, 0) as written_off,
          greatest(b.newest_ended_at, a.newest_ended_at) as newest_ended_at,
          b.complete_to, b.newest_ended_at as newest_before, upper(b.sequences) - 1 as last_seq_before,
          coalesce(b.first_heard_at, a.first_heard_at) as first_heard_at,
          greatest(b.last_heard_at, a.last_heard_at) as last_heard_at
        from arrived a left join quotel.producer_boots b using (producer, boot_id)
        where b.boot_id is not null
          or a.place + (select count(*) from quotel.producer_boots k where k.producer = a.producer) <= $2
      ), measured as (
        select m.*, r.runs,
          -- The last number before the first gap; 0 = the first record is missing.
          case when lower(m.sequences) = 1 then r.first_end - 1 else 0 end as complete_seq,
          case when r.runs > $3 then (
            select upper(run) from unnest(m.sequences) run order by run offset $3 / 2 limit 1) end as written_off_end
        from merged m
        cross join lateral (
          select count(*) as runs, min(upper(run)) as first_end from unnest(m.sequences) run) r
      )
      insert into quotel.producer_boots as p
        (producer, boot_id, sequences, written_off, newest_ended_at, complete_to, first_heard_at, last_heard_at)
      select producer, boot_id,
        case when written_off_end is null then sequences
          else sequences + int8multirange(int8range(1, written_off_end)) end,
        case when written_off_end is null then written_off
          else written_off + written_off_end - 1
            - quotel.sequence_count(sequences * int8multirange(int8range(1, written_off_end))) end,
        newest_ended_at,
        case
          when complete_seq = 0 or written_off > 0 then complete_to
          when runs = 1 then newest_ended_at
          when complete_seq >= last_seq_before then newest_before
          else complete_to
        end,
        first_heard_at, last_heard_at
      from measured
      on conflict (producer, boot_id) do update set
        sequences = excluded.sequences, written_off = excluded.written_off, newest_ended_at = excluded.newest_ended_at,
        complete_to = excluded.complete_to, last_heard_at = excluded.last_heard_at`,
    values: [LATE_DAYS_MAX, BOOTS_MAX, GAPS_MAX],
  });
}
