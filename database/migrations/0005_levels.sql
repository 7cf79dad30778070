-- What is held now (storage, members, channels, ...), as metrics sample it, and the running counts of counter metrics.

-- gauge: the whole level. cumulative: one stream's part of it. delta: a change of it. counter: a running count of usage.
create type quotel.point_kind as enum ('gauge', 'cumulative', 'delta', 'counter');

-- Every metric point that was taken: the memory by which each counts once (I1), and what a late one is folded in with.
create table quotel.metric_points (
  tenant_id text not null,
  -- 128 bits of a hash of what makes a stream one: producer, instance, scope, metric, attributes, resource.
  stream uuid not null,
  -- When the sender began to count; the epoch = it did not say.
  started_at timestamptz not null,
  sampled_at timestamptz not null,
  -- sampled_at; for a clock that runs ahead, the receipt.
  accounted_at timestamptz not null,
  resource text not null,
  kind quotel.point_kind not null,
  value bigint not null,
  primary key (tenant_id, stream, started_at, sampled_at)
);
create index metric_points_levels on quotel.metric_points (tenant_id, resource, accounted_at) where kind <> 'counter';
-- Points arrive about in the order of their time, so the few pages of a day are found without a tree.
create index metric_points_age on quotel.metric_points using brin (sampled_at);

-- The current level. The row is also the lock: who holds it is the only one to change the level and its days.
create table quotel.levels (
  tenant_id text not null,
  resource text not null,
  value bigint not null,
  -- Time of the last sample: a hold on a level that closed before it has ended.
  as_of timestamptz not null,
  primary key (tenant_id, resource)
) with (fillfactor = 70);

-- One row per day (tenant's zone) with a sample. Months are made of days.
create table quotel.level_days (
  tenant_id text not null,
  resource text not null,
  day_start timestamptz not null,
  month_start timestamptz not null,
  -- The last level of the day, and the highest that a sample of the day showed.
  value bigint not null,
  as_of timestamptz not null,
  high_water bigint not null,
  -- What the last level was made of (see fold-level.ts): where folding goes on.
  state jsonb not null,
  primary key (tenant_id, resource, day_start)
) with (fillfactor = 70);

-- Locked while a counter's differences are taken, so that no two writers take the same one.
create table quotel.counters (
  tenant_id text not null,
  stream uuid not null,
  resource text not null,
  primary key (tenant_id, stream)
);

-- Deletes points that no late one can meet any more: the horizon of 30 days, and two for days in any zone. A counter's
-- newest point stays for 400 days, because the next difference is taken from it. Returns how many were deleted.
create function quotel.cleanup_old_metric_points() returns bigint
language plpgsql security definer set search_path = '' as $$
declare
  deleted bigint;
begin
  delete from quotel.metric_points p
  where p.sampled_at < now() - interval '32 days'
    and (p.kind <> 'counter' or p.sampled_at < now() - interval '400 days' or exists (
      select from quotel.metric_points newer
      where newer.tenant_id = p.tenant_id and newer.stream = p.stream and newer.started_at = p.started_at
        and newer.sampled_at > p.sampled_at));
  get diagnostics deleted = row_count;
  return deleted;
end $$;
revoke execute on function quotel.cleanup_old_metric_points from public;

-- One row per tenant, resource and month period with a sample. The newest period's row holds the current level.
create view public.usage_levels with (security_invoker = true) as
select
  tenant_id, resource,
  (array_agg(value order by day_start desc))[1] as value,
  max(as_of) as as_of,
  month_start as period_start,
  max(high_water) as high_water
from quotel.level_days
group by tenant_id, resource, month_start;

create view public.usage_levels_daily with (security_invoker = true) as
select tenant_id, resource, value, as_of, day_start, high_water from quotel.level_days;

alter table quotel.metric_points enable row level security;
alter table quotel.levels enable row level security;
alter table quotel.level_days enable row level security;
alter table quotel.counters enable row level security;
create policy writer_all on quotel.metric_points to quotel_writer using (true) with check (true);
create policy writer_all on quotel.levels to quotel_writer using (true) with check (true);
create policy writer_all on quotel.level_days to quotel_writer using (true) with check (true);
create policy writer_all on quotel.counters to quotel_writer using (true) with check (true);
create policy reader_all on quotel.level_days for select to quotel_reader using (true);
create policy tenant_own on quotel.level_days for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

grant execute on function quotel.cleanup_old_metric_points to quotel_writer;
grant select, insert on quotel.metric_points to quotel_writer;
grant select, insert, update on quotel.levels, quotel.level_days, quotel.counters to quotel_writer;
grant select on quotel.level_days to quotel_reader, quotel_tenant;
grant select on public.usage_levels, public.usage_levels_daily to quotel_reader, quotel_tenant, quotel_writer;

-- The limits that hold for each tenant at now(): of each resource and period the override in force that was made last,
-- else the plan's.
create view quotel.effective_limits with (security_invoker = true) as
with plan_in_force as (
  select plan_id, max(version) as version from quotel.plans group by plan_id
)
select t.tenant_id, l.resource, l.period, l.amount, l.enforcement, l.warn_at, l.grace_fraction, l.grace_seconds, l.burst,
  l.on_unavailable, l.on_unpriced, 'plan' as source, null::uuid as override_id
from quotel.tenants t
join plan_in_force p on p.plan_id = t.plan_id
join quotel.plan_limits l on l.plan_id = p.plan_id and l.version = p.version
where not exists (
  select from quotel.limit_overrides o
  where o.tenant_id = t.tenant_id and o.resource = l.resource and o.period = l.period
    and o.revoked_at is null and o.valid_from <= now() and (o.valid_until is null or o.valid_until > now()))
union all
select tenant_id, resource, period, amount, enforcement, warn_at, grace_fraction, grace_seconds, burst, on_unavailable,
  on_unpriced, 'override', override_id
from (
  select distinct on (tenant_id, resource, period) * from quotel.limit_overrides
  where revoked_at is null and valid_from <= now() and (valid_until is null or valid_until > now())
  order by tenant_id, resource, period, created_at desc, override_id desc
) o;

-- Every limit of every tenant with its usage in the period that holds now(); of a level, what is held now.
create view public.quota_status with (security_invoker = true) as
select
  t.tenant_id, t.plan_id as plan, t.plan_source, t.licence_status, t.licence_expires_at,
  l.resource, l.period, l.amount as limit_amount, l.enforcement, l.source, l.override_id,
  u.used,
  coalesce(q.reserved, 0) as reserved,
  case when l.amount is not null then greatest(l.amount - u.used - coalesce(q.reserved, 0), 0) end as remaining,
  case when l.amount > 0 then round(100.0 * u.used / l.amount, 1)::double precision end as percent_used,
  case when l.period in ('day', 'month') then q.period_end end as resets_at,
  -- grace: past the amount, and within what is admitted beyond it.
  case
    when l.amount is null then 'ok'
    when u.used >= l.amount and u.used >= g.admitted then 'exceeded'
    when u.used > l.amount then 'grace'
    when u.used >= l.amount * l.warn_at then 'warning'
    else 'ok'
  end as state,
  -- The amount and its grace; null = unlimited.
  g.admitted,
  l.period in ('day', 'month', 'lifetime') as enforced
from quotel.tenants t
join quotel.effective_limits l on l.tenant_id = t.tenant_id
left join quotel.quota_totals q
  on q.tenant_id = t.tenant_id and q.resource = l.resource and q.period = l.period
  and q.period_start <= now() and q.period_end > now()
left join lateral (
  select d.value from quotel.level_days d
  where l.period = 'level' and d.tenant_id = t.tenant_id and d.resource = l.resource
  order by d.day_start desc limit 1
) level on true
cross join lateral (select coalesce(level.value, q.used, 0) as used) u
cross join lateral (select floor(l.amount * (1 + l.grace_fraction))::bigint as admitted) g;

grant select on quotel.effective_limits to quotel_reader, quotel_tenant, quotel_writer;
grant select on public.quota_status to quotel_reader, quotel_tenant, quotel_writer;
