import type { Pool } from "pg";

/**
 * Folded rollups that differ in any column, the longest duration and every latency bucket too, from those that a fresh
 * start would make of the ledger; where everything is folded and no name is beyond its cap. Must be empty.
 */
export async function bucketDrift(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    with fresh as (
      select * from quotel.event_rollups('{}', false, 0, 9223372036854775807, '-infinity', 'infinity')
    ), compared as (
      select 'folded' as side, to_jsonb(f) - 'latency' as bucket, f.latency from quotel.folded_rollups f
      union all select 'fresh', to_jsonb(f) - 'latency', f.latency from fresh f
    ), canonical as (
      select side, bucket, (
        select jsonb_object_agg(position, latency[position]) from generate_subscripts(latency, 1) position
        where latency[position] <> 0) as latency
      from compared
    )
    select bucket, latency, string_agg(side, ',') as only_in
    from canonical group by bucket, latency having count(*) <> 2`);
  return rows;
}
