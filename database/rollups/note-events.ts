import type { ClientBase } from "pg";
import { query } from "../pool.ts";
import type { Unfolded } from "./read-unfolded.ts";

/** How many names of each kind a tenant's rollups tell apart; the rest is rolled up as `__other__`. */
const EVENT_TYPES_MAX = 100;
const MODELS_MAX = 500;
const USERS_MAX = 10_000;

/**
 * Notes, from one look at the events of some batches:
 *
 * - names seen for the first time, as keys of their tenant's rollups, as long as there is room: senders choose these
 *   names, and without a cap one of them could make as many rows as events. Admitted once, a name stays, so a rebuild
 *   gives the same rollups;
 * - which tenants' days the events belong to and where in the ledger they are, for the verifier: it looks at the days
 *   that changed, and needs to find all of their events.
 *
 * Runs under the rollups' lock. Days are locked in primary-key order.
 */
export async function noteEvents(client: ClientBase, { batches, firstDay, lastDay }: Unfolded): Promise<void> {
  await query(client, {
    name: "note-events",
    text: `
      with named as materialized (
        select tenant_id, day_start, event_type, provider, model, user_id, count(*) as events,
          min(event_day) as first_event_day, max(event_day) as last_event_day
        from quotel.usage_events e
        where e.event_day between $2::date and $3::date and e.batch between $4 and $5 and e.batch = any ($1::bigint[])
        group by 1, 2, 3, 4, 5, 6
      ), days as (
        insert into quotel.accounted_days as d (
          tenant_id, day_start, first_event_day, last_event_day, events, changed_at, touched_at)
        select tenant_id, day_start, min(first_event_day), max(last_event_day), sum(events), clock_timestamp(),
          clock_timestamp()
        from named
        group by tenant_id, day_start
        order by tenant_id, day_start
        on conflict (tenant_id, day_start) do update set
          first_event_day = least(d.first_event_day, excluded.first_event_day),
          last_event_day = greatest(d.last_event_day, excluded.last_event_day),
          events = d.events + excluded.events,
          changed_at = coalesce(d.changed_at, excluded.changed_at), touched_at = excluded.touched_at
      ), seen as (
        select distinct tenant_id, 'model' as kind, concat_ws('/', provider, model) as label
        from named where provider is not null or model is not null
        union
        select distinct tenant_id, 'event_type', event_type from named
        where event_type <> all (quotel.built_in_event_types())
        union
        select distinct tenant_id, 'user', user_id from named where user_id is not null
      ), fresh as (
        select s.*, row_number() over (partition by tenant_id, kind order by label) as place
        from seen s
        where not exists (
          select from quotel.rollup_labels k where (k.tenant_id, k.kind, k.label) = (s.tenant_id, s.kind, s.label))
      ), taken as (
        select tenant_id, kind, count(*) as places from quotel.rollup_labels
        where (tenant_id, kind) in (select tenant_id, kind from fresh)
        group by tenant_id, kind
      ), placed as (
        select f.tenant_id, f.kind, f.label, f.place + coalesce(t.places, 0)
          <= case f.kind when 'model' then $6::bigint when 'user' then $7::bigint else $8::bigint end as has_room
        from fresh f left join taken t using (tenant_id, kind)
      ), at_cap as (
        insert into quotel.rollup_caps as c (tenant_id, event_types, models, users)
        select tenant_id, bool_or(kind = 'event_type'), bool_or(kind = 'model'), bool_or(kind = 'user')
        from placed where not has_room
        group by tenant_id
        on conflict (tenant_id) do update set
          event_types = c.event_types or excluded.event_types, models = c.models or excluded.models,
          users = c.users or excluded.users
      )
      insert into quotel.rollup_labels (tenant_id, kind, label)
      select tenant_id, kind, label from placed where has_room`,
    values: [batches, firstDay, lastDay, batches[0], batches.at(-1), MODELS_MAX, USERS_MAX, EVENT_TYPES_MAX],
  });
}
