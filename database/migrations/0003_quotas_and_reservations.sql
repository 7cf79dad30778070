-- What each tenant has used and holds per accounting period, and the reservations that hold it.

-- The built-in resources in the order of their positions below: BUILT_IN_RESOURCES of conventions/, append only.
create function quotel.built_in_resources() returns text[]
language sql immutable parallel safe as $$
  select array['tokens', 'api_calls', 'chat_messages', 'embeddings', 'embedding_tokens', 'searches', 'kb_ingests',
    'agent_minutes', 'storage_bytes', 'members', 'channels', 'cost']
$$;

-- Adds two arrays of amounts, both from position 1; null = 0. Spelled out for as many positions as there are built-in
-- resources, because like this it is inlined into its statement; a loop takes four times as long.
create function quotel.add_amounts(a bigint[], b bigint[]) returns bigint[]
language sql immutable parallel safe as $$
  select array[
    coalesce(a[1], 0) + coalesce(b[1], 0), coalesce(a[2], 0) + coalesce(b[2], 0), coalesce(a[3], 0) + coalesce(b[3], 0),
    coalesce(a[4], 0) + coalesce(b[4], 0), coalesce(a[5], 0) + coalesce(b[5], 0), coalesce(a[6], 0) + coalesce(b[6], 0),
    coalesce(a[7], 0) + coalesce(b[7], 0), coalesce(a[8], 0) + coalesce(b[8], 0), coalesce(a[9], 0) + coalesce(b[9], 0),
    coalesce(a[10], 0) + coalesce(b[10], 0), coalesce(a[11], 0) + coalesce(b[11], 0), coalesce(a[12], 0) + coalesce(b[12], 0)]
$$;

-- Totals of each tenant's days; months and lifetime are sums of days (I3). One row holds all built-in resources, so an
-- event or a reservation, which touches several, writes one row.
create table quotel.day_totals (
  tenant_id text not null,
  -- '' = the built-in resources, by position; else the one resource, at position 1.
  resource text not null,
  day_start timestamptz not null,
  day_end timestamptz not null,
  month_start timestamptz not null,
  month_end timestamptz not null,
  used bigint[] not null,
  -- Sums of the holds of the reservations admitted on the day; changed only with their rows (I10).
  reserved bigint[] not null,
  primary key (tenant_id, resource, day_start)
) with (fillfactor = 50);

-- A sum as a bigint; one beyond it as the largest, so that a tenant with absurd totals breaks nobody else's reading.
create function quotel.as_bigint(sum numeric) returns bigint
language sql immutable parallel safe as $$ select least(greatest(sum, -9223372036854775807), 9223372036854775807)::bigint $$;

-- One row per tenant, resource and period that has a total. Not materialized: who asks for one tenant reads that one only.
create view quotel.quota_totals with (security_invoker = true) as
with days as not materialized (
  select t.tenant_id, r.resource, t.day_start, t.day_end, t.month_start, t.month_end,
    coalesce(t.used[r.position], 0) as used, coalesce(t.reserved[r.position], 0) as reserved
  from quotel.day_totals t
  cross join lateral (
    select name as resource, position::integer from unnest(quotel.built_in_resources())
      with ordinality as b (name, position) where t.resource = ''
    union all select t.resource, 1 where t.resource <> ''
  ) r
  where t.used[r.position] is not null or t.reserved[r.position] is not null
)
select tenant_id, resource, 'day' as period, day_start as period_start, day_end as period_end, used, reserved from days
union all
select tenant_id, resource, 'month', month_start, max(month_end), quotel.as_bigint(sum(used)),
  quotel.as_bigint(sum(reserved))
from days group by tenant_id, resource, month_start
union all
select tenant_id, resource, 'lifetime', timestamptz 'epoch', timestamptz 'infinity', quotel.as_bigint(sum(used)),
  quotel.as_bigint(sum(reserved))
from days group by tenant_id, resource;

create table quotel.reservations (
  tenant_id text not null,
  reservation_id uuid not null,
  -- early: named by a span or a close before any reserve. settled: closed, and the spans have brought it all.
  -- kept: its time has run out, and what it holds is kept to the end of its period all the same.
  state text not null check (state in ('early', 'open', 'closed', 'settled', 'kept', 'released', 'expired')),
  -- Hash of the reserve request (idempotency); null while early.
  request_hash bytea,
  -- The decision that admitted it, as it was answered. Read back as a whole, never searched: json is cheaper to store.
  decision json,
  -- The instant that decides hold and usage periods (I7), and those periods.
  admitted_at timestamptz not null,
  day_start timestamptz not null,
  month_start timestamptz not null,
  -- null where nothing is held: early and ended ones.
  expires_at timestamptz,
  -- How long an open one that expires is kept; null where expiry frees it.
  kept_until timestamptz,
  -- A hold on a level ends with the first sample after it.
  closed_at timestamptz,
  -- One element per resource, all in the same order. held is the hold, a pure function of the others.
  resources text[] not null,
  estimates bigint[] not null,
  true_amounts bigint[],
  settled bigint[] not null,
  held bigint[] not null,
  -- Usage that arrived after the reservation had expired: the one exception of I8.
  late_after_expiry bigint[] not null,
  primary key (tenant_id, reservation_id),
  check (cardinality(resources) = cardinality(estimates) and cardinality(resources) = cardinality(settled)
    and cardinality(resources) = cardinality(held) and cardinality(resources) = cardinality(late_after_expiry)
    and (true_amounts is null or cardinality(true_amounts) = cardinality(resources)))
) with (fillfactor = 70);
-- Only what still holds something is in it, so its size follows the work in flight, not the history.
create index reservations_expiry on quotel.reservations (tenant_id, expires_at) where expires_at is not null;
-- What has run out of time, whoever's it is: looked for every second.
create index reservations_due on quotel.reservations (expires_at) where expires_at is not null;
-- What waits for its spans.
create index reservations_closed on quotel.reservations (tenant_id, closed_at) where state = 'closed';

-- How often each tenant was denied a resource, by minute and reason. Only added to.
create table quotel.quota_denials (
  tenant_id text not null,
  resource text not null,
  minute timestamptz not null,
  reason text not null,
  denials bigint not null,
  primary key (tenant_id, resource, minute, reason)
) with (fillfactor = 70);
create index quota_denials_age on quotel.quota_denials using brin (minute);

-- The newest batch of denials that each process has written. It commits with its batch, so that a batch which is sent
-- again, because nobody heard of its commit, is known.
create table quotel.denial_writers (
  writer_id uuid primary key,
  batch bigint not null,
  written_at timestamptz not null
) with (fillfactor = 70);

-- The first ten denials of each tenant, resource and minute, as they were answered.
create table quotel.denied_decisions (
  tenant_id text not null,
  resource text not null,
  minute timestamptz not null,
  place smallint not null check (place between 1 and 10),
  decision_id uuid not null,
  decision json not null,
  primary key (tenant_id, resource, minute, place)
);
create index denied_decisions_id on quotel.denied_decisions (tenant_id, decision_id);
create index denied_decisions_age on quotel.denied_decisions using brin (minute);

-- What rate limits have admitted lately: one row per limit that admitted anything. Set under the tenant's lock.
create table quotel.rate_windows (
  tenant_id text not null,
  resource text not null,
  period text not null check (period in ('second', 'minute', 'hour')),
  -- Number of the newest sub-bucket (a sixtieth of the window) since the epoch, and the amounts by age, the newest first:
  -- it and the sixty before it. See rate-window.ts.
  head bigint not null,
  counts bigint[] not null check (cardinality(counts) <= 61),
  primary key (tenant_id, resource, period)
) with (fillfactor = 70);

-- When something past a limit's amount was first admitted in a period: its grace time runs from then. Written with that
-- admission, under the tenant's lock, and never moved.
create table quotel.quota_crossings (
  tenant_id text not null,
  resource text not null,
  period text not null check (period in ('day', 'month', 'lifetime', 'level')),
  -- The epoch for a lifetime and a level.
  period_start timestamptz not null,
  crossed_at timestamptz not null,
  primary key (tenant_id, resource, period, period_start)
);

alter table quotel.day_totals enable row level security;
alter table quotel.reservations enable row level security;
alter table quotel.quota_crossings enable row level security;
alter table quotel.quota_denials enable row level security;
alter table quotel.denied_decisions enable row level security;
alter table quotel.denial_writers enable row level security;
alter table quotel.rate_windows enable row level security;
create policy writer_all on quotel.day_totals to quotel_writer using (true) with check (true);
create policy writer_all on quotel.reservations to quotel_writer using (true) with check (true);
create policy reader_all on quotel.reservations for select to quotel_reader using (true);
create policy tenant_own on quotel.reservations for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy writer_all on quotel.quota_denials to quotel_writer using (true) with check (true);
create policy reader_all on quotel.quota_denials for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_denials for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy writer_all on quotel.denied_decisions to quotel_writer using (true) with check (true);
create policy writer_all on quotel.denial_writers to quotel_writer using (true) with check (true);
create policy writer_all on quotel.rate_windows to quotel_writer using (true) with check (true);
create policy reader_all on quotel.rate_windows for select to quotel_reader using (true);
create policy tenant_own on quotel.rate_windows for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy writer_all on quotel.quota_crossings to quotel_writer using (true) with check (true);
create policy reader_all on quotel.quota_crossings for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_crossings for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy reader_all on quotel.day_totals for select to quotel_reader using (true);
create policy tenant_own on quotel.day_totals for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

grant select, insert, update on quotel.day_totals, quotel.reservations to quotel_writer;
grant select, insert, update on quotel.rate_windows, quotel.quota_denials, quotel.denial_writers to quotel_writer;
grant select, insert on quotel.denied_decisions to quotel_writer;
grant select on quotel.quota_denials to quotel_reader, quotel_tenant;
-- How often a tenant was denied what, and why. A minute's count is written within a second.
create view public.quota_denials with (security_invoker = true) as
select tenant_id, resource, minute, reason, denials from quotel.quota_denials;
grant select on public.quota_denials to quotel_reader, quotel_tenant, quotel_writer;
grant select, insert on quotel.quota_crossings to quotel_writer;
grant select on quotel.quota_crossings, quotel.rate_windows to quotel_reader, quotel_tenant;
grant select on quotel.quota_totals to quotel_writer;
grant select on quotel.day_totals, quotel.quota_totals to quotel_reader, quotel_tenant;
-- What is still held, for quota_status.
grant select (tenant_id, state, closed_at, resources, held) on quotel.reservations to quotel_reader, quotel_tenant;
