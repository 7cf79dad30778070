-- The SQL contract: dashboards, BI and the read endpoints use these, so that the tables above stay free to change.
-- security_invoker: row-level security binds whoever asks.

-- In plpgsql because the loop works on the aggregate's own array in place: an SQL function, which would set up a query
-- for each row, takes twenty times as long.
create function quotel.add_arrays(a bigint[], b integer[]) returns bigint[]
language plpgsql immutable strict parallel safe as $$
begin
  for position in coalesce(array_lower(b, 1), 1) .. coalesce(array_upper(b, 1), 0) loop
    a[position] := coalesce(a[position], 0) + coalesce(b[position], 0);
  end loop;
  return a;
end $$;
create aggregate quotel.sum_arrays(integer[]) (sfunc = quotel.add_arrays, stype = bigint[], initcond = '{}');

-- The q-quantile in milliseconds of a latency histogram (see usage_rollups.latency); null when it is empty.
-- The answer is the middle of its bucket, so the relative error is at most (1.1 - 1) / (1.1 + 1) = 4.8 %.
create function quotel.latency_quantile_ms(histogram bigint[], q double precision) returns double precision
language sql immutable parallel safe as $$
  select round((0.1 * power(1.1, position - 1) * 2 / 2.1)::numeric, 3)::double precision
  from (
    select position, sum(histogram[position]) over (order by position) as up_to,
      sum(histogram[position]) over () as total
    from generate_subscripts(histogram, 1) as position
  ) buckets
  where total > 0 and up_to >= q * total
  order by position limit 1
$$;

-- A1: one row per tenant and hour (UTC), day or month (the tenant's zone and anchor).
create view public.tenant_usage_metrics with (security_invoker = true) as
select
  tenant_id,
  g.name as granularity,
  g.start as bucket_start,
  coalesce(sum(events) filter (where event_type = 'api_call'), 0)::bigint as api_calls_total,
  coalesce(sum(events - events_failed - events_rate_limited) filter (where event_type = 'api_call'), 0)::bigint
    as api_calls_successful,
  coalesce(sum(events_failed) filter (where event_type = 'api_call'), 0)::bigint as api_calls_failed,
  coalesce(sum(events_rate_limited) filter (where event_type = 'api_call'), 0)::bigint as api_calls_rate_limited,
  coalesce(sum(amount) filter (where resource = 'chat_messages'), 0)::bigint as chat_messages,
  coalesce(sum(amount) filter (where resource = 'embeddings'), 0)::bigint as embeddings,
  coalesce(sum(amount) filter (where resource = 'searches'), 0)::bigint as searches,
  (sum(input_tokens + output_tokens) + coalesce(sum(amount) filter (where resource = 'tokens'), 0))::bigint
    as total_tokens,
  sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  coalesce(sum(input_tokens + output_tokens) filter (where event_type = 'embedding'), 0)::bigint as embedding_tokens,
  sum(partial_tokens)::bigint as partial_tokens,
  sum(estimated_tokens)::bigint as estimated_tokens,
  sum(events_without_usage)::bigint as events_without_usage,
  sum(cost_nano_usd)::bigint as cost_nano_usd,
  sum(unpriced_events)::bigint as unpriced_events,
  sum(events_failed)::bigint as error_count,
  (sum(duration_us_sum) filter (where event_type = 'api_call')
    / nullif(sum(events) filter (where event_type = 'api_call'), 0) / 1000)::double precision as latency_ms_avg,
  quotel.latency_quantile_ms(quotel.sum_arrays(latency) filter (where event_type = 'api_call'), 0.95) as latency_ms_p95,
  quotel.latency_quantile_ms(quotel.sum_arrays(latency) filter (where event_type = 'api_call'), 0.99) as latency_ms_p99
from quotel.usage_rollups
cross join lateral (
  select 'hourly' as name, bucket_start as start where granularity = 'hour'
  union all select 'daily', bucket_start where granularity = 'day'
  union all select 'monthly', month_start where granularity = 'day'
) g
group by tenant_id, g.name, g.start;

-- The last 48 hours, by hour.
create view public.tenant_usage_realtime with (security_invoker = true) as
select * from public.tenant_usage_metrics
where granularity = 'hourly' and bucket_start >= now() - interval '48 hours';

-- One row per tenant, day and resource: what was used, from the quota totals.
create view public.usage_daily with (security_invoker = true) as
select tenant_id, period_start as day_start, period_end as day_end, resource, used as amount
from quotel.quota_totals where period = 'day' and used <> 0;

-- Whoever has a plan or has used anything, unattributed included: to choose from.
create view public.metered_tenants with (security_invoker = true) as
select tenant_id from quotel.tenants union select tenant_id from quotel.day_totals;

create view public.usage_by_model with (security_invoker = true) as
select
  tenant_id, bucket_start as day_start, event_type, provider, model,
  sum(events)::bigint as calls,
  sum(events_failed)::bigint as calls_failed,
  sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  sum(cache_read_tokens)::bigint as cache_read_tokens,
  sum(reasoning_tokens)::bigint as reasoning_tokens,
  sum(cost_nano_usd)::bigint as cost_nano_usd,
  sum(unpriced_events)::bigint as unpriced_events,
  quotel.latency_quantile_ms(quotel.sum_arrays(latency), 0.95) as latency_ms_p95
from quotel.usage_rollups
where granularity = 'day' and model <> ''
group by tenant_id, bucket_start, event_type, provider, model;

-- Who of a tenant's used which model and what else, by day: what the sender said of its users (`user.id`) and no more.
create view public.usage_by_user with (security_invoker = true) as
select
  tenant_id, bucket_start as day_start, user_id, event_type, provider, model,
  sum(events)::bigint as calls,
  sum(events_failed)::bigint as calls_failed,
  sum(input_tokens)::bigint as input_tokens,
  sum(output_tokens)::bigint as output_tokens,
  sum(cache_read_tokens)::bigint as cache_read_tokens,
  sum(reasoning_tokens)::bigint as reasoning_tokens,
  sum(cost_nano_usd)::bigint as cost_nano_usd,
  sum(unpriced_events)::bigint as unpriced_events
from quotel.usage_rollups
where granularity = 'user_day'
group by tenant_id, bucket_start, user_id, event_type, provider, model;

-- Single events, for the drill-down from a number to its proof.
create view public.usage_events with (security_invoker = true) as
select
  tenant_id, event_day, ended_at, accounted_at, received_at, event_type, status::text as status, resource, amount,
  input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens,
  usage_source::text as usage_source, cost_nano_usd, provider, model, service_tier, route, user_id, reservation_id,
  duration_us / 1000.0 as duration_ms, replace(trace_id::text, '-', '') as trace_id,
  lpad(to_hex(span_id), 16, '0') as span_id, detail
from quotel.usage_events
where moved_to is null;

-- What was admitted and what became of it: one row per reservation and resource.
create view public.reservations with (security_invoker = true) as
select
  r.tenant_id, r.reservation_id, r.state, i.resource, i.estimate, i.true_amount, i.settled, i.held, i.late_after_expiry,
  r.admitted_at, r.expires_at, r.closed_at
from quotel.reservations r
cross join lateral unnest(r.resources, r.estimates, r.true_amounts, r.settled, r.held, r.late_after_expiry)
  as i (resource, estimate, true_amount, settled, held, late_after_expiry);
grant select (tenant_id, reservation_id, state, admitted_at, expires_at, closed_at, resources, estimates, true_amounts,
  settled, held, late_after_expiry) on quotel.reservations to quotel_reader, quotel_tenant;
grant select on public.reservations to quotel_reader, quotel_tenant, quotel_writer;

grant select on public.tenant_usage_metrics, public.tenant_usage_realtime, public.usage_daily, public.metered_tenants,
  public.usage_by_model, public.usage_by_user, public.usage_events to quotel_reader, quotel_tenant, quotel_writer;
