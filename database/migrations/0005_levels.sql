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

-- Deletes up to rows_max points that no late one can meet any more: the horizon of 30 days, and two for days in any zone. A counter's
-- newest point stays for 400 days, because the next difference is taken from it. Returns how many were deleted.
create function quotel.forget_old_points(rows_max integer) returns integer
language plpgsql security definer set search_path = '' as $$
declare
  deleted integer;
begin
  delete from quotel.metric_points where ctid = any (array(
    select p.ctid from quotel.metric_points p
    where p.sampled_at < now() - interval '32 days'
      and (p.kind <> 'counter' or p.sampled_at < now() - interval '400 days' or exists (
        select from quotel.metric_points newer
        where newer.tenant_id = p.tenant_id and newer.stream = p.stream and newer.started_at = p.started_at
          and newer.sampled_at > p.sampled_at))
    limit rows_max));
  get diagnostics deleted = row_count;
  return deleted;
end $$;
revoke execute on function quotel.forget_old_points from public;

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

grant execute on function quotel.forget_old_points to quotel_writer;
grant select, insert on quotel.metric_points to quotel_writer;
grant select, insert, update on quotel.levels, quotel.level_days, quotel.counters to quotel_writer;
grant select on quotel.level_days to quotel_reader, quotel_tenant;
grant select on public.usage_levels, public.usage_levels_daily to quotel_reader, quotel_tenant, quotel_writer;

-- Of the overrides in force at now() for a resource and period, the one made last: it counts in place of the plan's limit.
create view quotel.overrides_in_force with (security_invoker = true) as
select distinct on (tenant_id, resource, period) *
from quotel.limit_overrides
where revoked_at is null and valid_from <= now() and (valid_until is null or valid_until > now())
order by tenant_id, resource, period, created_at desc, override_id desc;

-- The limits that hold at now(), as decisions apply them.
create view quotel.effective_limits with (security_invoker = true) as
select tenant_id, resource, period, amount, enforcement, warn_at, grace_fraction, grace_seconds, burst, on_unavailable,
  on_unpriced, 'override' as source, override_id
from quotel.overrides_in_force
union all
select t.tenant_id, l.resource, l.period, l.amount, l.enforcement, l.warn_at, l.grace_fraction, l.grace_seconds, l.burst,
  l.on_unavailable, l.on_unpriced, 'plan', null::uuid
from quotel.tenants t
join (select plan_id, max(version) as version from quotel.plans group by plan_id) p on p.plan_id = t.plan_id
join quotel.plan_limits l on l.plan_id = p.plan_id and l.version = p.version
where not exists (
  select from quotel.overrides_in_force o
  where o.tenant_id = t.tenant_id and o.resource = l.resource and o.period = l.period);

-- What counts against a rate limit at now(); the arithmetic of rate-window.ts. It names nothing of this schema, which
-- those who reach it through a view may not use.
create function quotel.rate_window_used(period text, head bigint, counts bigint[]) returns bigint
language sql stable parallel safe as $$
  select least(coalesce(sum(count), 0), 9223372036854775807)::bigint
  -- So many, from the newest on, have not slid out.
  from unnest(counts[1:least(greatest(head + 61 - floor(extract(epoch from now()) * 60
    / case period when 'second' then 1 when 'minute' then 60 else 3600 end), 0), 61)::integer]) as count
$$;

-- When the newest thing that a rate limit admitted slides out of its window: from then on nothing counts.
create function quotel.rate_window_empty_at(period text, head bigint, counts bigint[]) returns timestamptz
language sql immutable strict parallel safe as $$
  select timestamptz 'epoch' + make_interval(secs => (ceil((head - (position - 1) + 61)
    * case period when 'second' then 1000 when 'minute' then 60000 else 3600000 end / 60.0) / 1000.0)::double precision)
  from unnest(counts) with ordinality as c (count, position) where count > 0 order by position limit 1
$$;

-- Every limit of every tenant as a decision at now() shows it. Only a hold whose time has run out within the last second
-- may still count, until the sweep has ended it. Of each tenant's days it reads those of the periods that hold now.
create view public.quota_status with (security_invoker = true) as
select
  t.tenant_id, t.plan_id as plan, t.plan_source, t.licence_status, t.licence_expires_at, l.resource,
  l.period, l.amount as limit_amount, l.enforcement,
  case when l.source = 'plan' and t.plan_source = 'default' then 'default' else l.source end as source, l.override_id,
  s.used, s.reserved,
  case when l.amount is not null then quotel.as_bigint(greatest(l.amount::numeric + s.burst - s.used - s.reserved, 0)) end
    as remaining,
  case when l.amount = 0 then 100 else round(100.0 * s.used / l.amount, 1) end::double precision as percent_used,
  -- Null for a day or month in which nothing was used: its end is in the tenant's calendar.
  case
    when l.period in ('day', 'month') then p.period_end
    when s.used > 0 then quotel.rate_window_empty_at(w.period, w.head, w.counts) end as resets_at,
  case
    when l.amount is null then 'ok'
    when s.used >= floor(l.amount * (1 + s.grace_fraction)) + s.burst and not s.in_grace_time then 'exceeded'
    when s.used > l.amount and s.burst = 0 then 'grace'
    when s.used >= l.amount * l.warn_at then 'warning'
    else 'ok'
  end as state,
  -- The most that is admitted now, with grace and burst; null = unlimited.
  case when not s.in_grace_time then floor(l.amount * (1 + s.grace_fraction))::bigint + s.burst end as admitted,
  l.grace_seconds
from quotel.tenants t
join quotel.effective_limits l on l.tenant_id = t.tenant_id
left join unnest(quotel.built_in_resources()) with ordinality as b (resource, position) on b.resource = l.resource
-- The period that holds now, by the newest day the tenant has totals of; none where that day's period is over.
left join lateral (
  select
    case l.period when 'day' then d.day_start when 'month' then d.month_start else timestamptz 'epoch' end as period_start,
    case l.period when 'day' then d.day_end when 'month' then d.month_end else timestamptz 'infinity' end as period_end
  from quotel.day_totals d
  where d.tenant_id = t.tenant_id and d.resource = case when b.position is null then l.resource else '' end
    and d.day_start <= now() and l.period in ('day', 'month', 'lifetime', 'level')
  order by d.day_start desc limit 1
) p on p.period_end > now()
-- What is held on a level is held whatever day admitted it.
left join lateral (
  select quotel.as_bigint(coalesce(sum(d.used[coalesce(b.position::integer, 1)]), 0)) as used,
    quotel.as_bigint(coalesce(sum(d.reserved[coalesce(b.position::integer, 1)]), 0)) as reserved
  from quotel.day_totals d
  where d.tenant_id = t.tenant_id and d.resource = case when b.position is null then l.resource else '' end
    and d.day_start >= p.period_start and d.day_start < p.period_end
) q on true
left join quotel.rate_windows w on w.tenant_id = t.tenant_id and w.resource = l.resource and w.period = l.period
left join quotel.quota_crossings c on c.tenant_id = t.tenant_id and c.resource = l.resource and c.period = l.period
  and c.period_start = coalesce(p.period_start, timestamptz 'epoch')
left join lateral (
  select greatest(d.value, 0) as value, d.as_of from public.usage_levels_daily d
  where l.period = 'level' and d.tenant_id = t.tenant_id and d.resource = l.resource
  order by d.day_start desc limit 1
) v on true
cross join lateral (
  select
    case
      when l.period = 'level' then coalesce(v.value, 0)
      when w.period is not null then quotel.rate_window_used(w.period, w.head, w.counts)
      else coalesce(q.used, 0) end as used,
    coalesce(q.reserved, 0) - case
      -- A hold on a level ends with the first sample taken after its close.
      when l.period = 'level' then coalesce((
        select sum(h.held) from quotel.reservations r, unnest(r.resources, r.held) as h (resource, held)
        where r.tenant_id = t.tenant_id and h.resource = l.resource and r.state = 'closed' and r.closed_at < v.as_of), 0)
      else 0 end::bigint as reserved,
    l.period in ('second', 'minute', 'hour') as is_rate
  -- So that it is not merged into what is around it, which would compute it anew for every use of it.
  offset 0
) u
cross join lateral (
  select u.used, u.reserved,
    case when u.is_rate then l.burst else 0 end as burst,
    case when u.is_rate then 0 else l.grace_fraction end as grace_fraction,
    not u.is_rate and l.grace_seconds > 0
      and (c.crossed_at is null or c.crossed_at + make_interval(secs => l.grace_seconds) > now()) as in_grace_time
) s;

grant select on quotel.overrides_in_force, quotel.effective_limits to quotel_reader, quotel_tenant, quotel_writer;
grant select on public.quota_status to quotel_reader, quotel_tenant, quotel_writer;
