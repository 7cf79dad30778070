-- Whose usage it is when that is in doubt, and usage that is brought in later.

-- The instrumentation scopes whose spans count for this key, a trailing * standing for any rest; null = the default rules.
alter table quotel.api_keys add column count_scopes text[];

-- Tenants that producers named without being allowed to (I13). A flood makes one row an hour.
create table quotel.security_events (
  producer text not null,
  -- '__other__' stands for further names where one producer claims very many.
  claimed_tenant text not null,
  -- UTC
  hour timestamptz not null,
  signal text not null check (signal in ('span', 'data_point', 'log_record')),
  -- How many items named it.
  claims bigint not null,
  first_seen timestamptz not null,
  last_seen timestamptz not null,
  -- One example: the first one, where it belongs to a span.
  trace_id uuid,
  span_id bigint,
  primary key (producer, hour, claimed_tenant, signal)
);

create view public.security_events as
select producer, claimed_tenant, hour, signal, claims, first_seen, last_seen, replace(trace_id::text, '-', '') as trace_id,
  lpad(to_hex(span_id), 16, '0') as span_id
from quotel.security_events;

-- Names that events gave while no such tenant existed; those events are `unattributed`. A tenant that is registered under
-- one of them may get an event again that is counted there. last_day: UTC day of the last such event's receipt.
create table quotel.unknown_tenants (
  tenant_id text primary key,
  last_day date not null
);

-- Runs of `npm run backfill`. Ledger partitions of [first_day, last_day] are kept while a run is neither reverted nor
-- closed, because only its ledger rows can tell what to take back.
create table quotel.backfills (
  backfill_id uuid primary key,
  file_name text not null,
  sha256 bytea not null,
  started_at timestamptz not null default now(),
  -- null: still running, or broken off; what it recorded counts and can be reverted all the same.
  finished_at timestamptz,
  reverted_at timestamptz,
  closed_at timestamptz,
  first_day date,
  last_day date,
  -- Added to the ledger, and not taken back.
  events bigint not null default 0
);

-- The batches whose ledger rows a backfill added; also those that reattribution made of such rows.
create table quotel.backfill_batches (
  backfill_id uuid not null references quotel.backfills (backfill_id),
  batch bigint primary key
);
create index backfill_batches_backfill on quotel.backfill_batches (backfill_id, batch);

grant select, insert, update on quotel.security_events, quotel.unknown_tenants to quotel_writer;
grant delete on quotel.unknown_tenants to quotel_writer;
grant select on quotel.backfills, quotel.backfill_batches to quotel_writer;
grant select on public.security_events to quotel_reader, quotel_writer;

-- Takes the latency histogram b out of a, which holds it, and cuts the ends that are empty then.
create function quotel.take_latency(a integer[], b integer[]) returns integer[]
language plpgsql immutable strict parallel safe as $$
declare
  first integer;
  last integer;
begin
  for position in array_lower(b, 1) .. array_upper(b, 1) loop
    a[position] := coalesce(a[position], 0) - coalesce(b[position], 0);
  end loop;
  select min(position), max(position) into first, last from generate_subscripts(a, 1) position where a[position] <> 0;
  -- A slice would start at 1 again; a literal says where it begins.
  return case when first is null then '{}' else
    format('[%s:%s]=%s', first, last, a[first:last]::text)::integer[] end;
end $$;
