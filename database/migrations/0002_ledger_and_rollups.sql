-- What was consumed: one row per usage event, and the sums of those rows that everything else reads.

create type quotel.usage_status as enum ('ok', 'failed', 'rate_limited');
create type quotel.usage_source as enum ('provider', 'partial', 'estimated', 'none');

create table quotel.usage_events (
  tenant_id text not null,
  -- UTC day of ended_at: part of the identity, so that a redelivery (same bytes) meets the first one (I1).
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  -- The record transaction that wrote the row: until its batch is folded, the row itself stands for its rollups.
  batch bigint not null,
  ended_at timestamptz not null,
  -- Decides every rollup and period: the admission instant of the reservation, else ended_at (I7).
  accounted_at timestamptz not null,
  -- Start of the day and of the month period (tenant's zone and anchor) that hold accounted_at.
  day_start timestamptz not null,
  month_start timestamptz not null,
  received_at timestamptz not null default now(),
  duration_us bigint not null,
  event_type text not null,
  status quotel.usage_status not null,
  resource text,
  amount bigint not null,
  input_tokens bigint,
  output_tokens bigint,
  cache_read_tokens bigint,
  cache_write_tokens bigint,
  reasoning_tokens bigint,
  usage_source quotel.usage_source,
  -- Nano-USD; null = unknown, which is not free (I6).
  cost_nano_usd bigint,
  provider text,
  model text,
  service_tier text,
  route text,
  user_id text,
  reservation_id uuid,
  boot_id text,
  seq bigint,
  flags integer not null,
  producer text not null,
  -- What the sender said and no column holds.
  detail jsonb,
  -- Set on a tombstone: the usage was given to that tenant and counts there; the row only keeps its identity taken.
  moved_to text,
  primary key (tenant_id, event_day, trace_id, span_id)
) partition by range (event_day);
create index usage_events_batch on quotel.usage_events (batch);

-- Batches whose events are not in usage_rollups' folded part yet. A row is written by the record transaction and removed
-- by the one that folds it, so at any commit an event is in exactly one of the two parts (I3).
create table quotel.unfolded_batches (
  batch bigint generated always as identity primary key,
  first_day date not null,
  last_day date not null,
  events integer not null
);

-- Makes the daily partitions of [first_day, last_day]. Attaching a finished table takes a lock that lets inserts go on;
-- the advisory lock lets several collectors ask at once.
create function quotel.ensure_event_partitions(first_day date, last_day date) returns integer
language plpgsql security definer set search_path = quotel, pg_temp as $$
declare
  day date;
  partition_name text;
  made integer := 0;
begin
  perform pg_advisory_xact_lock(hashtextextended('quotel.ensure_event_partitions', 0));
  for day in select generate_series(first_day, last_day, interval '1 day')::date loop
    partition_name := 'usage_events_' || to_char(day, 'YYYYMMDD');
    continue when to_regclass('quotel.' || partition_name) is not null;
    execute format('create table quotel.%I (like quotel.usage_events including all)', partition_name);
    execute format('alter table quotel.usage_events attach partition quotel.%I for values from (%L) to (%L)',
      partition_name, day, day + 1);
    -- COPY is refused on a table with row-level security, so the writer fills a partition by its own name.
    execute format('grant insert on quotel.%I to quotel_writer', partition_name);
    made := made + 1;
  end loop;
  return made;
end $$;
revoke execute on function quotel.ensure_event_partitions from public;

-- Every (resource, amount) an event counts for: the SQL twin of amountsOf() in database/record/amounts.ts.
create view quotel.usage_amounts as
select e.tenant_id, e.event_day, e.trace_id, e.span_id, e.accounted_at, e.day_start, e.reservation_id, a.resource, a.amount
from quotel.usage_events e
cross join lateral (values
  (e.resource, e.amount),
  ('tokens', coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0)),
  ('embedding_tokens',
    case when e.event_type = 'embedding' then coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0) end),
  ('cost', e.cost_nano_usd)
) a (resource, amount)
where e.moved_to is null and a.resource is not null and a.amount <> 0;

-- Adds two latency histograms (see folded_rollups.latency). In plpgsql because the loop touches only the buckets between
-- b's bounds; an SQL function over unnest took ten times as long.
create function quotel.merge_latency(a integer[], b integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
begin
  for position in array_lower(b, 1) .. array_upper(b, 1) loop
    a[position] := coalesce(a[position], 0) + coalesce(b[position], 0);
  end loop;
  return a;
end $$;

-- How often each bucket was seen. Given all of a rollup's events at once, because an aggregate would call it for each.
create function quotel.latency_histogram(buckets integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
declare
  histogram integer[];
  bucket integer;
begin
  foreach bucket in array buckets loop
    histogram[bucket] := coalesce(histogram[bucket], 0) + 1;
  end loop;
  return histogram;
end $$;
create aggregate quotel.sum_latency(integer[]) (sfunc = quotel.merge_latency, stype = integer[]);

-- The sum of bigints as a bigint; 0 of none, and an error beyond it. The built-in one is a numeric, whose state and result
-- cost several times as much in the many small groups of a rollup.
create aggregate quotel.sum_bigint(bigint) (sfunc = int8pl, stype = bigint, initcond = '0');

-- From which duration (microseconds) on the second, third, ... latency bucket begins: just above 100 * 1.1^i.
create function quotel.latency_bounds() returns bigint[]
language sql immutable parallel safe as $$
  select array_agg(floor(100 * power(1.1::numeric, i))::bigint + 1 order by i) from generate_series(0, 198) i
$$;

-- Rollups of the events of all batches up to the last fold; quotel.usage_rollups adds the others.
create table quotel.folded_rollups (
  tenant_id text not null,
  granularity text not null check (granularity in ('hour', 'day', 'user_day')),
  -- hour: UTC. day, user_day: the tenant's zone.
  bucket_start timestamptz not null,
  event_type text not null,
  -- '' stands for "none" in the key columns.
  resource text not null,
  provider text not null,
  model text not null,
  -- user_day: whose it is, of what somebody's is known. '' in the others, which hold everybody's.
  user_id text not null,
  -- Start of the month period (tenant's zone and anchor) that holds the bucket: months are sums of days.
  month_start timestamptz not null,
  events bigint not null,
  events_failed bigint not null,
  events_rate_limited bigint not null,
  amount bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- Parts of input + output by how trustworthy they are; the rest is the provider's own count.
  partial_tokens bigint not null,
  estimated_tokens bigint not null,
  events_without_usage bigint not null,
  cost_nano_usd bigint not null,
  unpriced_events bigint not null,
  duration_us_sum bigint not null,
  duration_us_max bigint not null,
  -- Log-scale histogram of durations: element i counts (100 us * 1.1^(i-2), 100 us * 1.1^(i-1)]; mergeable by adding.
  -- The array's bounds are those of the durations seen, so it starts at their first bucket, not at 1. null = 0.
  latency integer[] not null,
  primary key (tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id)
) with (fillfactor = 70);

-- Names that a tenant's rollups use as keys. Senders choose them, so there is a cap on how many of each kind; what it leaves
-- out is rolled up as '__other__', totals unchanged.
create table quotel.rollup_labels (
  tenant_id text not null,
  kind text not null check (kind in ('event_type', 'model', 'resource', 'user')),
  label text not null,
  primary key (tenant_id, kind, label)
);
-- Tenants with more names of some kind than there is room for: only theirs need to be looked up.
create table quotel.rollup_caps (
  tenant_id text primary key,
  event_types boolean not null,
  models boolean not null,
  users boolean not null
);

-- The twin of EVENT_TYPES in conventions/: names that need no label.
create function quotel.built_in_event_types() returns text[]
language sql immutable parallel safe as $$ select '{api_call,chat,embedding,search,kb_ingest}'::text[] $$;

-- The names under which an event is rolled up; '' = none.
create function quotel.rolled_up_names(
  of_tenant text, of_event_type text, of_provider text, of_model text, of_user text
) returns table (event_type text, provider text, model text, user_id text)
language sql stable parallel safe rows 1
begin atomic
  select
    case when c.event_types and of_event_type <> all (quotel.built_in_event_types()) and not exists (
        select from quotel.rollup_labels l where (l.tenant_id, l.kind, l.label) = (of_tenant, 'event_type', of_event_type))
      then '__other__' else of_event_type end,
    case when of_provider <> '' then case when m.is_beyond then '__other__' else of_provider end else '' end,
    case when of_model <> '' then case when m.is_beyond then '__other__' else of_model end else '' end,
    case when of_user <> '' then case when c.users and not exists (
        select from quotel.rollup_labels l where (l.tenant_id, l.kind, l.label) = (of_tenant, 'user', of_user))
      then '__other__' else of_user end else '' end
  from (values (of_tenant)) one (tenant_id)
  left join quotel.rollup_caps c on c.tenant_id = one.tenant_id
  cross join lateral (
    select case when c.models then not exists (
      select from quotel.rollup_labels l
      where (l.tenant_id, l.kind, l.label)
        = (of_tenant, 'model', concat_ws('/', nullif(of_provider, ''), nullif(of_model, '')))) end as is_beyond) m;
end;

-- The rollups of some events: what a rollup is, defined once. Folding, reading what is not folded yet and rebuilding all
-- use it. Summed in two steps, so that hours, days and users' days are not each summed from events.
-- batches, included: of the events of these batches, or of all but these. The other arguments narrow it down.
-- A body parsed at creation: whoever reads the view below needs no right to look up names in this schema.
create function quotel.event_rollups(
  batches bigint[], included boolean, first_batch bigint, last_batch bigint, first_day date, last_day date,
  accounted_from timestamptz default '-infinity', accounted_to timestamptz default 'infinity',
  days_from timestamptz default '-infinity', days_to timestamptz default 'infinity'
) returns setof quotel.folded_rollups
language sql stable parallel safe
begin atomic
  with measured as (
    select
      tenant_id, date_bin('1 hour', accounted_at, timestamptz 'epoch') as hour_start, day_start, month_start, event_type,
      coalesce(resource, '') as resource, provider, model, user_id,
      count(*) as events,
      count(*) filter (where status = 'failed') as events_failed,
      count(*) filter (where status = 'rate_limited') as events_rate_limited,
      quotel.sum_bigint(amount) as amount,
      quotel.sum_bigint(input_tokens) as input_tokens,
      quotel.sum_bigint(output_tokens) as output_tokens,
      quotel.sum_bigint(cache_read_tokens) as cache_read_tokens,
      quotel.sum_bigint(cache_write_tokens) as cache_write_tokens,
      quotel.sum_bigint(reasoning_tokens) as reasoning_tokens,
      quotel.sum_bigint(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) filter (where usage_source = 'partial')
        as partial_tokens,
      quotel.sum_bigint(coalesce(input_tokens, 0) + coalesce(output_tokens, 0)) filter (where usage_source = 'estimated')
        as estimated_tokens,
      count(*) filter (where usage_source = 'none') as events_without_usage,
      quotel.sum_bigint(cost_nano_usd) as cost_nano_usd,
      count(*) filter (where cost_nano_usd is null and coalesce(input_tokens, 0) + coalesce(output_tokens, 0) > 0)
        as unpriced_events,
      quotel.sum_bigint(duration_us) as duration_us_sum,
      max(duration_us) as duration_us_max,
      quotel.latency_histogram(array_agg(width_bucket(duration_us, quotel.latency_bounds()) + 1)) as latency
    from quotel.usage_events e
    where e.event_day between event_rollups.first_day and event_rollups.last_day
      and e.batch between event_rollups.first_batch and event_rollups.last_batch
      and (e.batch = any (event_rollups.batches)) = event_rollups.included
      and e.accounted_at >= event_rollups.accounted_from and e.accounted_at < event_rollups.accounted_to
      and e.day_start >= event_rollups.days_from and e.day_start < event_rollups.days_to
      and e.moved_to is null
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  )
  select
    tenant_id,
    case when grouping(hour_start) = 0 then 'hour' else 'day' end,
    case when grouping(hour_start) = 0 then hour_start else day_start end,
    n.event_type, resource, n.provider, n.model, '', min(month_start),
    quotel.sum_bigint(events), quotel.sum_bigint(events_failed), quotel.sum_bigint(events_rate_limited),
    quotel.sum_bigint(amount), quotel.sum_bigint(input_tokens), quotel.sum_bigint(output_tokens),
    quotel.sum_bigint(cache_read_tokens), quotel.sum_bigint(cache_write_tokens), quotel.sum_bigint(reasoning_tokens),
    quotel.sum_bigint(partial_tokens), quotel.sum_bigint(estimated_tokens), quotel.sum_bigint(events_without_usage),
    quotel.sum_bigint(cost_nano_usd), quotel.sum_bigint(unpriced_events), quotel.sum_bigint(duration_us_sum),
    max(duration_us_max), quotel.sum_latency(latency)
  from measured m
  cross join lateral quotel.rolled_up_names(m.tenant_id, m.event_type, m.provider, m.model, m.user_id) n
  group by grouping sets (
    (tenant_id, hour_start, n.event_type, resource, n.provider, n.model),
    (tenant_id, day_start, n.event_type, resource, n.provider, n.model))
  union all
  select
    tenant_id, 'user_day', day_start, n.event_type, resource, n.provider, n.model, n.user_id, min(month_start),
    quotel.sum_bigint(events), quotel.sum_bigint(events_failed), quotel.sum_bigint(events_rate_limited),
    quotel.sum_bigint(amount), quotel.sum_bigint(input_tokens), quotel.sum_bigint(output_tokens),
    quotel.sum_bigint(cache_read_tokens), quotel.sum_bigint(cache_write_tokens), quotel.sum_bigint(reasoning_tokens),
    quotel.sum_bigint(partial_tokens), quotel.sum_bigint(estimated_tokens), quotel.sum_bigint(events_without_usage),
    quotel.sum_bigint(cost_nano_usd), quotel.sum_bigint(unpriced_events), quotel.sum_bigint(duration_us_sum),
    max(duration_us_max), quotel.sum_latency(latency)
  from measured m
  cross join lateral quotel.rolled_up_names(m.tenant_id, m.event_type, m.provider, m.model, m.user_id) n
  where m.user_id <> ''
  group by tenant_id, day_start, n.event_type, resource, n.provider, n.model, n.user_id;
end;

-- Rollups as of now (I3): what is folded, and what is not yet, in one snapshot. A key may be in both parts: sum.
create view quotel.usage_rollups with (security_invoker = true) as
select * from quotel.folded_rollups
union all
select r.*
from (
  select array_agg(batch) as batches, min(batch) as first_batch, max(batch) as last_batch,
    min(first_day) as first_day, max(last_day) as last_day
  from quotel.unfolded_batches
) b
cross join lateral quotel.event_rollups(b.batches, true, b.first_batch, b.last_batch, b.first_day, b.last_day) r;

-- What was sent and is not counted, kept with its reason: it cannot be used, or it contradicts what was. Never dropped
-- silently (I4); it can be looked at, tried again and discarded (`npm run quarantine`).
create table quotel.quarantine (
  -- Whose usage it claims to be; 'unattributed' where it names nobody.
  tenant_id text not null,
  -- Made of the item, so that a redelivery meets its row.
  quarantine_id uuid not null,
  -- span, data_point, log_record: as it was sent. event, point, audit: as it was read, it could be used and was not.
  signal text not null check (signal in ('span', 'data_point', 'log_record', 'event', 'point', 'audit')),
  reason text not null,
  producer text not null,
  received_at timestamptz not null default now(),
  trace_id uuid,
  -- null: no room for so large a one, or resolved. Not jsonb: what it is read from again depends on the order of its keys.
  payload json,
  -- null: it waits. A resolved row stays for as long as rows are kept.
  resolved_at timestamptz,
  -- replayed, counted_since: it counts; tried again, or redelivered when it could be counted. discarded: an operator gave
  -- it up, and a redelivery does not bring it back.
  resolution text check (resolution in ('replayed', 'counted_since', 'discarded')),
  discard_reason text,
  primary key (tenant_id, quarantine_id),
  check ((resolved_at is null) = (resolution is null))
);
create index quarantine_received on quotel.quarantine (received_at);
-- What a record transaction asks of each of its tenants: whether anything waits that it may have counted.
create index quarantine_waiting on quotel.quarantine (tenant_id)
  where resolved_at is null and signal in ('event', 'point', 'audit') and reason <> 'conflict';

-- How much of each producer's was kept on each UTC day of receipt, how many bytes of that are large payloads, and how much
-- was only counted because that was enough.
create table quotel.quarantine_days (
  producer text not null,
  day date not null,
  kept integer not null,
  large_bytes bigint not null,
  turned_away bigint not null,
  primary key (producer, day)
);

alter table quotel.usage_events enable row level security;
alter table quotel.folded_rollups enable row level security;
alter table quotel.rollup_labels enable row level security;
alter table quotel.rollup_caps enable row level security;
alter table quotel.quarantine enable row level security;
create policy writer_all on quotel.usage_events to quotel_writer using (true) with check (true);
create policy writer_all on quotel.folded_rollups to quotel_writer using (true) with check (true);
create policy writer_all on quotel.rollup_labels to quotel_writer using (true) with check (true);
create policy writer_all on quotel.rollup_caps to quotel_writer using (true) with check (true);
create policy reader_all on quotel.rollup_labels for select to quotel_reader using (true);
create policy reader_all on quotel.rollup_caps for select to quotel_reader using (true);
create policy tenant_own on quotel.rollup_labels for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy tenant_own on quotel.rollup_caps for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy writer_all on quotel.quarantine to quotel_writer using (true) with check (true);
create policy reader_all on quotel.usage_events for select to quotel_reader using (true);
create policy reader_all on quotel.folded_rollups for select to quotel_reader using (true);
create policy tenant_own on quotel.usage_events for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy tenant_own on quotel.folded_rollups for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

grant execute on function quotel.ensure_event_partitions to quotel_writer;
grant select, insert on quotel.usage_events, quotel.rollup_labels to quotel_writer;
grant select, insert, update on quotel.quarantine, quotel.quarantine_days to quotel_writer;
grant select on quotel.usage_amounts, quotel.usage_rollups to quotel_writer;
grant select, insert, update on quotel.folded_rollups, quotel.rollup_caps to quotel_writer;
grant select, insert, delete on quotel.unfolded_batches to quotel_writer;
grant select on quotel.usage_events, quotel.folded_rollups, quotel.usage_rollups, quotel.unfolded_batches,
  quotel.rollup_labels, quotel.rollup_caps to quotel_reader, quotel_tenant;
