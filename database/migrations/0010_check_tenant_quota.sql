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
        or s.used::numeric + s.reserved + check_tenant_quota.tokens <= s.admitted as fits,
      s.admitted::numeric - s.used - s.reserved as room
    from public.quota_status s
    where s.tenant_id = check_tenant_quota.tenant and s.resource = 'tokens'
  ), verdict as (
    select coalesce(bool_and(fits), true) as fits,
      -- Never, not even in a new period: there a grace time would begin again.
      coalesce(bool_or(not fits and grace_seconds = 0 and check_tenant_quota.tokens > admitted), false) as hopeless,
      coalesce(bool_and(period in ('second', 'minute', 'hour')) filter (where not fits), false) as rates_only
    from limits
  )
  select k.licensed and v.fits,
    case
      when not k.licensed then 'LICENSE_INACTIVE'
      when v.hopeless then 'AMOUNT_EXCEEDS_LIMIT'
      when v.rates_only then 'RATE_LIMITED'
      when not v.fits then 'QUOTA_EXCEEDED'
    end,
    l.limit_amount, coalesce(l.used, 0), coalesce(l.reserved, 0), l.remaining, l.resets_at
  from known k
  cross join verdict v
  left join (select * from limits order by fits, room nulls last, period limit 1) l on true;
end;

revoke execute on function public.check_tenant_quota from public;
grant execute on function public.check_tenant_quota to quotel_reader, quotel_tenant, quotel_writer;
