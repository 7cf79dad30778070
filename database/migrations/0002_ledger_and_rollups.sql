-- What was consumed: one row per usage event, and the sums of those rows that everything else reads.

create type quotel.usage_status as enum ('ok', 'failed', 'rate_limited');
create type quotel.usage_source as enum ('provider', 'partial', 'estimated', 'none');

create table quotel.usage_events (
  tenant_id text not null,
  -- UTC day of ended_at: part of the identity, so that a redelivery (same bytes) meets the first one (I1).
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  -- 64 bits of a hash of the payload: tells a redelivery from a conflict.
  fingerprint bigint not null,
  ended_at timestamptz not null,
  -- Decides every rollup and period: the admission instant of the reservation, else ended_at (I7).
  accounted_at timestamptz not null,
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
  route text,
  user_id text,
  reservation_id uuid,
  boot_id text,
  seq bigint,
  flags integer not null default 0,
  producer text not null,
  primary key (tenant_id, event_day, trace_id, span_id)
) partition by range (event_day);

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
    made := made + 1;
  end loop;
  return made;
end $$;
revoke execute on function quotel.ensure_event_partitions from public;

-- Every (resource, amount) an event counts for: the SQL twin of amountsOf() in database/record/amounts.ts.
create view quotel.usage_amounts as
select e.tenant_id, e.event_day, e.trace_id, e.span_id, e.accounted_at, e.reservation_id, a.resource, a.amount
from quotel.usage_events e
cross join lateral (values
  (e.resource, e.amount),
  ('tokens', coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0)),
  ('embedding_tokens',
    case when e.event_type = 'embedding' then coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0) end),
  ('cost', e.cost_nano_usd)
) a (resource, amount)
where a.resource is not null and a.amount <> 0;

-- Adds two latency histograms (see usage_rollups.latency). In plpgsql because the loop touches only the buckets between
-- b's bounds; an SQL function over unnest took ten times as long, in the hottest statement there is.
create function quotel.merge_latency(a integer[], b integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
begin
  for position in array_lower(b, 1) .. array_upper(b, 1) loop
    a[position] := coalesce(a[position], 0) + coalesce(b[position], 0);
  end loop;
  return a;
end $$;

create table quotel.usage_rollups (
  tenant_id text not null,
  granularity text not null check (granularity in ('hour', 'day')),
  -- hour: UTC. day: the tenant's zone.
  bucket_start timestamptz not null,
  event_type text not null,
  -- '' stands for "none" in the key columns.
  resource text not null,
  provider text not null,
  model text not null,
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
  primary key (tenant_id, granularity, bucket_start, event_type, resource, provider, model)
) with (fillfactor = 70);

-- Events kept aside with a reason: they cannot be counted, or they contradict one that was. Never dropped silently (I4).
create table quotel.quarantine (
  tenant_id text not null,
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  fingerprint bigint not null,
  reason text not null,
  received_at timestamptz not null default now(),
  producer text not null,
  payload jsonb not null,
  primary key (tenant_id, event_day, trace_id, span_id, fingerprint, reason)
);

alter table quotel.usage_events enable row level security;
alter table quotel.usage_rollups enable row level security;
alter table quotel.quarantine enable row level security;
create policy writer_all on quotel.usage_events to quotel_writer using (true) with check (true);
create policy writer_all on quotel.usage_rollups to quotel_writer using (true) with check (true);
create policy writer_all on quotel.quarantine to quotel_writer using (true) with check (true);
create policy reader_all on quotel.usage_events for select to quotel_reader using (true);
create policy reader_all on quotel.usage_rollups for select to quotel_reader using (true);
create policy tenant_own on quotel.usage_events for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy tenant_own on quotel.usage_rollups for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

grant execute on function quotel.ensure_event_partitions to quotel_writer;
grant select, insert on quotel.usage_events, quotel.quarantine to quotel_writer;
grant select on quotel.usage_amounts to quotel_writer;
grant select, insert, update on quotel.usage_rollups to quotel_writer;
grant select on quotel.usage_events, quotel.usage_rollups to quotel_reader, quotel_tenant;
