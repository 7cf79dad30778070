import type { ClientBase } from "pg";
import { instantOfMs } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import { KEYS } from "../../rollups/add-to-rollups.ts";
import type { RebuildScope } from "./scope.ts";

/** Rollup rows that are not what the ledger says. */
export interface RollupDrift {
  /** In the ledger and not in the rollups, the other way round, and in both with other numbers. */
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** Names of some of them. */
  readonly examples: readonly string[];
}

const EXAMPLES_MAX = 5;

/** $1..$5: buckets from, to; days of the ledger from, to; tenant. */
const EXPECTED = `
      select r.* from unfolded u
      cross join lateral quotel.event_rollups(u.batches, false, 0, 9223372036854775807, $3::date, $4::date,
        accounted_from => $1::timestamptz, accounted_to => $2::timestamptz) r
      where r.granularity = 'hour' and ($5::text is null or r.tenant_id = $5)
      union all
      select r.* from unfolded u
      cross join lateral quotel.event_rollups(u.batches, false, 0, 9223372036854775807, $3::date, $4::date,
        days_from => $1::timestamptz, days_to => $2::timestamptz) r
      where r.granularity <> 'hour' and ($5::text is null or r.tenant_id = $5)`;

/** A statement's own look at what is not folded: one snapshot with the ledger it leaves them out of. */
const UNFOLDED =
  "unfolded as materialized (select coalesce(array_agg(batch), '{}') as batches from quotel.unfolded_batches)";

const FOLDED = `
      select f.* from quotel.folded_rollups f
      where f.bucket_start >= $1::timestamptz and f.bucket_start < $2::timestamptz
        and ($5::text is null or f.tenant_id = $5)`;

/** A histogram by what is in it: how its arrays came to their bounds, and null for 0, makes no difference. */
const counted = (row: string): string =>
  `(select jsonb_object_agg(i, ${row}.latency[i]) from generate_subscripts(${row}.latency, 1) i where ${row}.latency[i] <> 0)`;

/**
 * Compares the folded rollups of some buckets with the ledger's folded events. One statement and so one snapshot, and
 * folding moves events from one side to the other in one transaction: whatever commits meanwhile, what differs is drift.
 */
export async function findRollupDrift(client: ClientBase, scope: RebuildScope): Promise<RollupDrift> {
  const { rows } = await query<{ missing: number; extra: number; different: number; examples: string[] | null }>(
    client,
    {
      name: "find-rollup-drift",
      text: `
      with ${UNFOLDED}, expected as materialized (${EXPECTED}
      ), folded as (${FOLDED}
          -- Left behind by usage that was taken back.
          and f.events <> 0
      ), wrong as (
        select case when f.tenant_id is null then 'missing' when e.tenant_id is null then 'extra' else 'different' end as how,
          concat_ws(' ', tenant_id, granularity, to_char(bucket_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI"Z"'),
            event_type, nullif(resource, ''), nullif(provider, ''), nullif(model, ''), nullif(user_id, '')) as name
        from expected e
        full join folded f
          using (${KEYS})
        where e.tenant_id is null or f.tenant_id is null
          or to_jsonb(e) - 'latency' is distinct from to_jsonb(f) - 'latency'
          or ${counted("e")} is distinct from ${counted("f")}
      )
      select count(*) filter (where how = 'missing') as missing, count(*) filter (where how = 'extra') as extra,
        count(*) filter (where how = 'different') as different,
        (array_agg(name order by name))[1:${EXAMPLES_MAX}] as examples
      from wrong`,
      values: valuesOf(scope),
    },
  );
  const { missing, extra, different, examples } = rows[0]!;
  return { missing, extra, different, examples: examples ?? [] };
}

/**
 * Writes the folded rollups of some buckets anew from the ledger's folded events, by the definition that folding uses.
 * Under the rollups' lock: nobody else writes them, and what is folded stays so. Names are mapped as when they were
 * folded, since a tenant's labels are never taken away and one that found no room then finds none later.
 */
export async function replaceRollups(client: ClientBase, scope: RebuildScope): Promise<void> {
  await query(client, {
    name: "delete-rollups",
    text: `
      delete from quotel.folded_rollups f
      where f.bucket_start >= $1::timestamptz and f.bucket_start < $2::timestamptz
        and ($3::text is null or f.tenant_id = $3)`,
    values: [instantOfMs(scope.fromMs), instantOfMs(scope.toMs), scope.tenantId],
  });
  await query(client, {
    name: "insert-rollups",
    text: `with ${UNFOLDED} insert into quotel.folded_rollups ${EXPECTED}`,
    values: valuesOf(scope),
  });
}

function valuesOf({ fromMs, toMs, firstDay, lastDay, tenantId }: RebuildScope): unknown[] {
  return [instantOfMs(fromMs), instantOfMs(toMs), firstDay, lastDay, tenantId];
}
