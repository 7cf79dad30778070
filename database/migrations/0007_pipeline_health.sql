-- What the pipeline knows about itself: what came in, what is missing, what does not add up; and how long data is kept.

alter table quotel.unfolded_batches add column opened_at timestamptz not null default now();

-- What each record transaction took in. Only added to; folding takes the rows. Not per tenant: these are the pipeline's own
-- numbers.
create table quotel.unfolded_intake (
  received_at timestamptz not null default now(),
  events bigint not null,
  unattributed bigint not null,
  -- Of the events that a model served: how many there were, and how many of them have no price or no exact count.
  model_events bigint not null,
  unpriced bigint not null,
  estimated bigint not null,
  -- Sum over events of received - ended, as claimed; a clock that runs ahead counts as 0.
  lag_ms_sum bigint not null,
  newest_ended_at timestamptz not null
);

-- The same by minute of receipt, up to the last fold.
create table quotel.folded_intake (
  minute timestamptz primary key,
  events bigint not null,
  unattributed bigint not null,
  model_events bigint not null,
  unpriced bigint not null,
  estimated bigint not null,
  lag_ms_sum bigint not null,
  newest_ended_at timestamptz not null
) with (fillfactor = 70);

create view quotel.intake as
select * from quotel.folded_intake
union all
select date_bin('1 minute', received_at, timestamptz 'epoch'), events, unattributed, model_events, unpriced, estimated,
  lag_ms_sum, newest_ended_at
from quotel.unfolded_intake;

-- Runs of producers that number their records from 1 (I12). What is not in sequences was lost, or is on its way.
create table quotel.producer_boots (
  producer text not null,
  boot_id text not null,
  -- The numbers that arrived: counted, set aside or refused.
  sequences int8multirange not null,
  -- How many missing ones are in sequences all the same: gaps of a run that had more than can be told apart.
  written_off bigint not null,
  -- Claimed end of the newest record, and of the newest one before the first gap; null = the first record is missing.
  newest_ended_at timestamptz not null,
  complete_to timestamptz,
  first_heard_at timestamptz not null,
  last_heard_at timestamptz not null,
  -- What it told of itself in its latest heartbeat, the one with the highest number; null = it never told.
  told_seq bigint,
  told_at timestamptz,
  service text,
  counters jsonb,
  -- The newest time at which it told that it had dropped nothing.
  lossless_at timestamptz,
  primary key (producer, boot_id)
) with (fillfactor = 70);

-- Records that arrived since the last fold, by transaction: counted, set aside or refused. Only added to; folding takes them.
create table quotel.unfolded_arrivals (
  producer text not null,
  boot_id text not null,
  sequences int8multirange not null,
  newest_ended_at timestamptz not null,
  received_at timestamptz not null default now()
);

-- Heartbeats that arrived since the last fold. Only added to; folding takes them.
create table quotel.unfolded_heartbeats (
  producer text not null,
  boot_id text not null,
  seq bigint not null,
  told_at timestamptz not null,
  service text,
  -- name -> count since the start of the run, of the names that conventions/ lists.
  counters jsonb not null,
  received_at timestamptz not null default now()
);

-- What producers have counted themselves, by minute of receipt: how much each counter grew, over all of them.
create table quotel.producer_reports (
  minute timestamptz not null,
  counter text not null,
  amount bigint not null,
  primary key (minute, counter)
) with (fillfactor = 70);

create function quotel.sequence_count(sequences int8multirange) returns bigint
language sql immutable strict parallel safe as $$
  select coalesce(sum(upper(run) - lower(run)), 0)::bigint from unnest(sequences) run
$$;

-- A tenant's days with events, in which days of the ledger these are, and whether they were verified since they changed.
create table quotel.accounted_days (
  tenant_id text not null,
  day_start timestamptz not null,
  first_event_day date not null,
  last_event_day date not null,
  -- Events that were ever folded into the day: what verifying it costs, about.
  events bigint not null,
  -- When it first changed since it was verified; null = it has not.
  changed_at timestamptz,
  -- When it changed last. In no index, so that a day which changes on and on, as today does, stays where it is in them.
  touched_at timestamptz not null,
  -- The touched_at that was verified last.
  verified_to timestamptz not null default '-infinity',
  primary key (tenant_id, day_start)
) with (fillfactor = 70);
create index accounted_days_unverified on quotel.accounted_days (changed_at) where changed_at is not null;

-- What the verifier found; a row without cleared_at is a violation as of the last pass.
create table quotel.invariant_findings (
  kind text not null,
  -- '' = no tenant's.
  tenant_id text not null,
  key text not null,
  -- The day that was looked at; null = the finding is not about a day.
  day_start timestamptz,
  expected bigint not null,
  found bigint not null,
  first_seen_at timestamptz not null,
  seen_at timestamptz not null,
  cleared_at timestamptz,
  primary key (kind, tenant_id, key)
);

-- One row: when the verifier last ended a pass, and the tenants up to which its rounds over all tenants and over all audit
-- trails have come.
create table quotel.verification (
  only_row boolean primary key default true check (only_row),
  passed_at timestamptz not null default '-infinity',
  tenants_after text not null default '',
  chains_after text not null default ''
);
insert into quotel.verification default values;

-- One row: from where on the ledger holds everything. Days of the ledger before the one are gone; buckets that start
-- before the other have lost events and are sealed: they stay as they are (I3).
create table quotel.ledger_seal (
  only_row boolean primary key default true check (only_row),
  sealed_before date not null default '-infinity',
  unsealed_from timestamptz not null default '-infinity'
);
insert into quotel.ledger_seal default values;

-- What each running collector has counted since it started. Names are `family` or `family.label`.
create table quotel.collector_instances (
  instance_id uuid primary key,
  host text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  counters jsonb not null
) with (fillfactor = 50);

-- Drops the ledger's days beyond the horizon (30 days) and one more, and seals the buckets that lose events by it. A day
-- stays while a batch of it is not folded, and while a backfill of it is open, which can be reverted. Whoever reads or
-- writes the ledger makes this wait at most the lock_timeout; then it leaves and the next run tries again. Several at
-- once: one does. Returns how many days were dropped.
create function public.cleanup_old_realtime_events() returns integer
language plpgsql security definer set search_path = '' set lock_timeout = '250ms' as $$
declare
  kept_from date := (now() at time zone 'UTC')::date - 31;
  name text;
  day date;
  dropped integer := 0;
begin
  if not pg_try_advisory_xact_lock(hashtextextended('quotel.retention', 0)) then return 0; end if;
  for name, day in
    -- Compared as text: a condition on to_date() may be evaluated for other tables, whose names are no days.
    select c.relname, to_date(right(c.relname, 8), 'YYYYMMDD')
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'quotel.usage_events'::regclass
      and c.relname < 'usage_events_' || to_char(kept_from, 'YYYYMMDD')
    order by c.relname
  loop
    begin
      -- The parent first, as everybody does. Whoever opened a batch of the day and has not ended holds the partition.
      lock table only quotel.usage_events in access exclusive mode;
      execute format('lock table quotel.%I in access exclusive mode', name);
      continue when exists (
        select from quotel.unfolded_batches b where day between b.first_day and b.last_day);
      -- Only its rows can tell what reverting a backfill has to take back.
      continue when exists (
        select from quotel.backfills b
        where day between b.first_day and b.last_day and b.reverted_at is null and b.closed_at is null);
      update quotel.ledger_seal s set
        sealed_before = greatest(s.sealed_before, day + 1),
        unsealed_from = greatest(s.unsealed_from, (day + 1)::timestamp at time zone 'UTC', (
          select max(d.day_start) + interval '1 day' from quotel.accounted_days d where d.first_event_day <= day));
      execute format('drop table quotel.%I', name);
      dropped := dropped + 1;
    exception when lock_not_available then
      exit;
    end;
  end loop;
  return dropped;
end $$;
revoke execute on function public.cleanup_old_realtime_events from public;

-- Deletes up to rows_max rows of each kind that nothing needs any more. Totals and rollups are kept for ever; of the
-- others: ended reservations, denials, violations that are over, what is in quarantine, minutes of intake, runs of
-- producers and what these reported 90 days, collectors that have ended one day. Returns how many were deleted.
create function quotel.forget_old_rows(rows_max integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  old constant timestamptz := now() - interval '90 days';
  forgotten integer := 0;
  deleted integer;
begin
  delete from quotel.reservations where ctid = any (array(
    select r.ctid from quotel.reservations r where r.expires_at is null and r.admitted_at < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.quota_denials where ctid = any (array(
    select d.ctid from quotel.quota_denials d where d.minute < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.denied_decisions where ctid = any (array(
    select d.ctid from quotel.denied_decisions d where d.minute < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.denial_writers where written_at < old;
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.quota_crossings where ctid = any (array(
    select c.ctid from quotel.quota_crossings c
    where c.period in ('day', 'month') and c.period_start < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.quarantine where ctid = any (array(
    select q.ctid from quotel.quarantine q where q.received_at < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.quarantine_days where day < old::date;
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.security_events where ctid = any (array(
    select e.ctid from quotel.security_events e where e.hour < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.invariant_findings where ctid = any (array(
    select f.ctid from quotel.invariant_findings f where f.cleared_at < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.folded_intake where ctid = any (array(
    select i.ctid from quotel.folded_intake i where i.minute < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.producer_reports where ctid = any (array(
    select p.ctid from quotel.producer_reports p where p.minute < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.producer_boots where ctid = any (array(
    select p.ctid from quotel.producer_boots p where p.last_heard_at < old limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.accounted_days where ctid = any (array(
    select d.ctid from quotel.accounted_days d, quotel.ledger_seal s where d.last_event_day < s.sealed_before
    limit rows_max));
  get diagnostics deleted = row_count;
  forgotten := forgotten + deleted;
  delete from quotel.collector_instances where seen_at < now() - interval '1 day';
  get diagnostics deleted = row_count;
  return forgotten + deleted;
end $$;
revoke execute on function quotel.forget_old_rows from public;

-- A2. Rollups are current at every commit, so there is nothing to bring up to date and this may run at any time, as often
-- as anybody likes: it says how many events are not folded yet (they count all the same; collectors fold every second)
-- and in how many places the verifier finds rollups or totals that differ from the ledger.
create function public.aggregate_usage_metrics() returns table (events_unfolded bigint, drift bigint)
language sql stable security definer set search_path = '' as $$
  select
    (select coalesce(sum(events), 0)::bigint from quotel.unfolded_batches),
    (select count(*) from quotel.invariant_findings where cleared_at is null and kind in ('rollup_drift', 'total_drift'))
$$;
revoke execute on function public.aggregate_usage_metrics from public;

-- Per run of a producer: how far its records are complete, how many are lost, and what it tells of itself. Lost is what
-- its numbering shows to be missing, or what it told to have dropped where that is more; then it is complete to where it
-- last told that it had dropped nothing. Its own counts are as of told_at; null = it never told.
create view public.producer_completeness as
select
  producer, boot_id, service,
  lower(sequences) as first_seq, last_seq, last_seq - missing as received, greatest(missing, dropped) as lost,
  case
    when dropped > missing and lossless_at is null then null
    when dropped > missing and lossless_at < complete_to then lossless_at
    else complete_to
  end as complete_to,
  newest_ended_at, first_heard_at, last_heard_at, told_at,
  (counters ->> 'recorded')::bigint as recorded,
  (counters ->> 'acknowledged')::bigint as acknowledged,
  (counters ->> 'replayed')::bigint as replayed,
  (counters ->> 'waiting')::bigint as waiting,
  dropped,
  (counters ->> 'damaged')::bigint as damaged,
  (counters ->> 'retries')::bigint as retries,
  (counters ->> 'quarantined')::bigint as quarantined,
  (counters ->> 'rejected')::bigint as rejected,
  (counters ->> 'fail_open')::bigint as fail_open,
  (counters ->> 'fail_closed')::bigint as fail_closed,
  (counters ->> 'tenants_refused')::bigint as tenants_refused
from quotel.producer_boots b
cross join lateral (
  select upper(b.sequences) - 1 as last_seq,
    upper(b.sequences) - 1 - quotel.sequence_count(b.sequences) + b.written_off as missing,
    (b.counters ->> 'dropped')::bigint as dropped
  -- Keeps the planner from counting anew wherever a column is made of the count.
  offset 0
) n;

create view public.producer_reports as
select minute, counter, amount from quotel.producer_reports;

-- What the ledger took in, by minute of receipt, folded or not.
create view public.pipeline_intake as
select
  minute, sum(events)::bigint as events, sum(unattributed)::bigint as unattributed,
  sum(model_events)::bigint as model_events, sum(unpriced)::bigint as unpriced, sum(estimated)::bigint as estimated,
  (sum(lag_ms_sum) / 1000 / sum(events))::double precision as mean_lag_seconds, max(newest_ended_at) as newest_ended_at
from quotel.intake group by minute;

create view public.invariant_violations as
select kind, nullif(tenant_id, '') as tenant_id, key, expected, found, first_seen_at, seen_at,
  clock_timestamp() - first_seen_at as age
from quotel.invariant_findings
where cleared_at is null;

-- One row per number: what running collectors have counted, summed, and what the database knows exactly. Long rather than
-- wide, so that a panel picks numbers by name, a label makes a series of each, and a new number changes nobody's query.
create view public.pipeline_health as
with running as (
  select * from quotel.collector_instances where seen_at > now() - interval '1 minute'
), counted as (
  select split_part(c.key, '.', 1) as name, nullif(substr(c.key, length(split_part(c.key, '.', 1)) + 2), '') as label,
    sum(c.value::bigint) as value, max(r.seen_at) as as_of
  from running r cross join lateral jsonb_each_text(r.counters) c
  group by 1, 2
), last_hour as (
  select coalesce(sum(events), 0) as events, coalesce(sum(unattributed), 0) as unattributed,
    coalesce(sum(model_events), 0) as model_events, coalesce(sum(unpriced), 0) as unpriced,
    coalesce(sum(estimated), 0) as estimated, coalesce(sum(lag_ms_sum), 0) as lag_ms_sum,
    max(newest_ended_at) as newest_ended_at
  from quotel.intake where minute > now() - interval '1 hour'
), backlog as (
  select coalesce(sum(events), 0) as events, min(opened_at) as oldest from quotel.unfolded_batches
), heard as (
  select count(*) as boots, min(coalesce(complete_to, first_heard_at)) as complete_to, coalesce(sum(lost), 0) as lost
  from public.producer_completeness where last_heard_at > now() - interval '5 minutes'
), known (name, label, value) as (
  select 'collectors_running', null, (select count(*) from running)::numeric
  union all select v.name, null, v.value
  from last_hour h, lateral (values
    ('events_last_hour', h.events), ('unattributed_last_hour', h.unattributed),
    ('model_events_last_hour', h.model_events), ('unpriced_last_hour', h.unpriced),
    ('estimated_last_hour', h.estimated), ('unattributed_share', h.unattributed / nullif(h.events, 0)),
    ('unpriced_share', h.unpriced / nullif(h.model_events, 0)),
    ('estimated_share', h.estimated / nullif(h.model_events, 0)),
    ('mean_lag_seconds', h.lag_ms_sum / 1000 / nullif(h.events, 0)),
    ('newest_event_age_seconds', extract(epoch from now() - h.newest_ended_at))) v (name, value)
  union all select v.name, null, v.value
  from backlog b, lateral (values
    ('unfolded_events', b.events), ('oldest_unfolded_age_seconds', extract(epoch from now() - b.oldest))) v (name, value)
  union all select v.name, null, v.value
  from heard h, lateral (values
    ('boots_heard', h.boots::numeric), ('records_lost', h.lost),
    ('completeness_lag_seconds', extract(epoch from now() - h.complete_to))) v (name, value)
  -- What these producers have told of themselves, and by how much that grew.
  union all select 'reported', c.key, sum(c.value::bigint)
  from quotel.producer_boots b cross join lateral jsonb_each_text(b.counters) c
  where b.last_heard_at > now() - interval '5 minutes' group by c.key
  union all select 'reported_last_hour', counter, sum(amount)
  from quotel.producer_reports where minute > now() - interval '1 hour' group by counter
  -- By signal: items that shared a record transaction, and how long that took; since the collectors started.
  union all select v.name, c.label, v.total / nullif(c.commits, 0)
  from (
    select label, sum(value) filter (where name = 'commits') as commits,
      sum(value) filter (where name = 'committed_items') as items, sum(value) filter (where name = 'commit_ms') as ms
    from counted where name in ('commits', 'committed_items', 'commit_ms') group by label) c,
  lateral (values ('mean_batch_items', c.items), ('mean_commit_seconds', c.ms / 1000)) v (name, total)
  union all select v.name, null, v.days
  from (
    select min(to_date(right(c.relname, 8), 'YYYYMMDD')) as oldest, max(to_date(right(c.relname, 8), 'YYYYMMDD')) as newest
    from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'quotel.usage_events'::regclass) d,
  lateral (values ('ledger_oldest_day_age', (now() at time zone 'UTC')::date - d.oldest),
    ('ledger_days_ahead', d.newest - (now() at time zone 'UTC')::date)) v (name, days)
  union all select 'quarantined', reason, count(*) from quotel.quarantine where resolved_at is null group by reason
  union all select 'quarantined_last_hour', reason, count(*)
  from quotel.quarantine where received_at > now() - interval '1 hour' and resolved_at is null group by reason
  union all select 'invariant_violations', kind, count(*) from public.invariant_violations group by kind
  union all select 'verified_age_seconds', null, extract(epoch from now() - passed_at)
  from quotel.verification where isfinite(passed_at)
  union all select 'unverified_age_seconds', null, extract(epoch from clock_timestamp() - min(changed_at))
  from quotel.accounted_days
  where changed_at is not null and day_start >= (select unsealed_from from quotel.ledger_seal)
)
select name, label, value::double precision as value, as_of from counted
union all
select name, label, value::double precision, now() from known where value is not null;

alter table quotel.accounted_days enable row level security;
alter table quotel.invariant_findings enable row level security;
create policy writer_all on quotel.accounted_days to quotel_writer using (true) with check (true);
create policy writer_all on quotel.invariant_findings to quotel_writer using (true) with check (true);

grant execute on function public.cleanup_old_realtime_events, quotel.forget_old_rows, public.aggregate_usage_metrics
  to quotel_writer;
grant select, insert, update on quotel.folded_intake, quotel.producer_boots, quotel.producer_reports, quotel.accounted_days,
  quotel.invariant_findings, quotel.collector_instances to quotel_writer;
grant select, update on quotel.verification to quotel_writer;
grant select on quotel.ledger_seal, quotel.intake to quotel_writer;
grant select, insert, delete on quotel.unfolded_intake, quotel.unfolded_arrivals, quotel.unfolded_heartbeats
  to quotel_writer;
grant select on public.pipeline_health, public.pipeline_intake, public.producer_completeness, public.producer_reports,
  public.invariant_violations to quotel_reader, quotel_writer;
