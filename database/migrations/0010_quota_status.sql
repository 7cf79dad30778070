-- What each tenant may use now, and what it has used of it.

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

-- May a tenant use so many tokens more? One row, of its tightest limit on tokens; none for a tenant that nobody knows,
-- or that the asking tenant is not. A look, not a decision: only a reservation keeps what it was promised.
create function public.check_tenant_quota(tenant text, tokens bigint) returns table (
  allowed boolean, reason text, limit_amount bigint, used bigint, reserved bigint, remaining bigint, resets_at timestamptz)
language sql stable
begin atomic
  with known as (
    select t.tenant_id,
      t.licence_status in ('active', 'trialing', 'past_due')
        and (t.licence_expires_at is null or t.licence_expires_at > now()) as licensed
    from quotel.tenants t where t.tenant_id = check_tenant_quota.tenant
  ), limits as (
    select s.*,
      s.enforcement <> 'hard' or s.admitted is null
        or s.used + s.reserved + check_tenant_quota.tokens <= s.admitted as fits,
      s.admitted - s.used - s.reserved as room
    from public.quota_status s
    where s.tenant_id = check_tenant_quota.tenant and s.resource = 'tokens' and s.enforced
  ), verdict as (
    select coalesce(bool_and(fits), true) as fits,
      coalesce(bool_or(not fits and check_tenant_quota.tokens > admitted), false) as hopeless
    from limits
  )
  select k.licensed and v.fits,
    case
      when not k.licensed then 'LICENSE_INACTIVE'
      when v.hopeless then 'AMOUNT_EXCEEDS_LIMIT'
      when not v.fits then 'QUOTA_EXCEEDED'
    end,
    l.limit_amount, coalesce(l.used, 0), coalesce(l.reserved, 0), l.remaining, l.resets_at
  from known k
  cross join verdict v
  left join (select * from limits order by fits, room nulls last, period limit 1) l on true;
end;

grant select on quotel.effective_limits to quotel_reader, quotel_tenant, quotel_writer;
grant select on public.quota_status to quotel_reader, quotel_tenant, quotel_writer;
revoke execute on function public.check_tenant_quota from public;
grant execute on function public.check_tenant_quota to quotel_reader, quotel_tenant, quotel_writer;
