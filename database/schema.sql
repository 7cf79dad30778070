-- The schema that the migrations make, as Postgres 18 describes it. Written by `npm run schema:dump`.

-- Schemas

create schema public authorization pg_database_owner;
create schema quotel authorization quotel_owner;

-- Types

create type quotel.usage_source as enum (
  'provider',
  'partial',
  'estimated',
  'none'
);

create type quotel.usage_status as enum (
  'ok',
  'failed',
  'rate_limited'
);

-- Tables

create table quotel.api_keys (
  key_hash bytea not null,
  key_id text not null,
  kind text not null,
  tenants text[],
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  constraint api_keys_pkey PRIMARY KEY (key_hash),
  constraint api_keys_key_id_key UNIQUE (key_id),
  constraint api_keys_kind_check CHECK ((kind = ANY (ARRAY['ingest'::text, 'service'::text, 'tenant'::text, 'admin'::text])))
);

create table quotel.migrations (
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone default now() not null,
  constraint migrations_pkey PRIMARY KEY (name)
);

create table quotel.plan_limits (
  plan_id text not null,
  version integer not null,
  resource text not null,
  period text not null,
  amount bigint,
  enforcement text default 'hard'::text not null,
  warn_at numeric(4,3) default 0.8 not null,
  constraint plan_limits_pkey PRIMARY KEY (plan_id, version, resource, period),
  constraint plan_limits_plan_id_version_fkey FOREIGN KEY (plan_id, version) REFERENCES quotel.plans(plan_id, version),
  constraint plan_limits_amount_check CHECK ((amount >= 0)),
  constraint plan_limits_enforcement_check CHECK ((enforcement = ANY (ARRAY['hard'::text, 'soft'::text, 'shadow'::text]))),
  constraint plan_limits_period_check CHECK ((period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text, 'day'::text, 'month'::text, 'lifetime'::text, 'level'::text]))),
  constraint plan_limits_warn_at_check CHECK (((warn_at > (0)::numeric) AND (warn_at <= (1)::numeric)))
);

create table quotel.plans (
  plan_id text not null,
  version integer not null,
  features text[] default '{}'::text[] not null,
  created_at timestamp with time zone default now() not null,
  constraint plans_pkey PRIMARY KEY (plan_id, version)
);

create table quotel.quarantine (
  tenant_id text not null,
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  fingerprint bigint not null,
  reason text not null,
  received_at timestamp with time zone default now() not null,
  producer text not null,
  payload jsonb not null,
  constraint quarantine_pkey PRIMARY KEY (tenant_id, event_day, trace_id, span_id, fingerprint, reason)
);

create table quotel.quota_totals (
  tenant_id text not null,
  resource text not null,
  period text not null,
  period_start timestamp with time zone not null,
  period_end timestamp with time zone not null,
  used bigint not null,
  reserved bigint not null,
  constraint quota_totals_pkey PRIMARY KEY (tenant_id, resource, period, period_start),
  constraint quota_totals_period_check CHECK ((period = ANY (ARRAY['day'::text, 'month'::text, 'lifetime'::text])))
) with (fillfactor=70);

create table quotel.reservations (
  tenant_id text not null,
  reservation_id uuid not null,
  state text not null,
  request_hash bytea,
  decision json,
  admitted_at timestamp with time zone not null,
  day_start timestamp with time zone not null,
  month_start timestamp with time zone not null,
  expires_at timestamp with time zone,
  resources text[] not null,
  estimates bigint[] not null,
  true_amounts bigint[],
  settled bigint[] not null,
  held bigint[] not null,
  late_after_expiry bigint[] not null,
  constraint reservations_pkey PRIMARY KEY (tenant_id, reservation_id),
  constraint reservations_check CHECK (((cardinality(resources) = cardinality(estimates)) AND (cardinality(resources) = cardinality(settled)) AND (cardinality(resources) = cardinality(held)) AND (cardinality(resources) = cardinality(late_after_expiry)) AND ((true_amounts IS NULL) OR (cardinality(true_amounts) = cardinality(resources))))),
  constraint reservations_state_check CHECK ((state = ANY (ARRAY['early'::text, 'open'::text, 'closed'::text, 'settled'::text, 'released'::text, 'expired'::text])))
) with (fillfactor=70);

create table quotel.tenant_calendars (
  tenant_id text not null,
  effective_from timestamp with time zone not null,
  zone text not null,
  anchor_day smallint not null,
  constraint tenant_calendars_pkey PRIMARY KEY (tenant_id, effective_from),
  constraint tenant_calendars_anchor_day_check CHECK (((anchor_day >= 1) AND (anchor_day <= 31)))
);

create table quotel.tenants (
  tenant_id text not null,
  plan_id text not null,
  plan_source text default 'default'::text not null,
  licence_status text default 'active'::text not null,
  provisioned_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint tenants_pkey PRIMARY KEY (tenant_id),
  constraint tenants_licence_status_check CHECK ((licence_status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text, 'suspended'::text, 'cancelled'::text, 'expired'::text]))),
  constraint tenants_plan_source_check CHECK ((plan_source = ANY (ARRAY['default'::text, 'assigned'::text]))),
  constraint tenants_tenant_id_check CHECK ((tenant_id ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$'::text))
);

create table quotel.usage_events (
  tenant_id text not null,
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  fingerprint bigint not null,
  ended_at timestamp with time zone not null,
  accounted_at timestamp with time zone not null,
  received_at timestamp with time zone default now() not null,
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
  cost_nano_usd bigint,
  provider text,
  model text,
  route text,
  user_id text,
  reservation_id uuid,
  boot_id text,
  seq bigint,
  flags integer default 0 not null,
  producer text not null,
  constraint usage_events_pkey PRIMARY KEY (tenant_id, event_day, trace_id, span_id)
) partition by RANGE (event_day);

create table quotel.usage_rollups (
  tenant_id text not null,
  granularity text not null,
  bucket_start timestamp with time zone not null,
  event_type text not null,
  resource text not null,
  provider text not null,
  model text not null,
  month_start timestamp with time zone not null,
  events bigint not null,
  events_failed bigint not null,
  events_rate_limited bigint not null,
  amount bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cache_read_tokens bigint not null,
  cache_write_tokens bigint not null,
  reasoning_tokens bigint not null,
  partial_tokens bigint not null,
  estimated_tokens bigint not null,
  events_without_usage bigint not null,
  cost_nano_usd bigint not null,
  unpriced_events bigint not null,
  duration_us_sum bigint not null,
  duration_us_max bigint not null,
  latency integer[] not null,
  constraint usage_rollups_pkey PRIMARY KEY (tenant_id, granularity, bucket_start, event_type, resource, provider, model),
  constraint usage_rollups_granularity_check CHECK ((granularity = ANY (ARRAY['hour'::text, 'day'::text])))
) with (fillfactor=70);

-- Indexes

CREATE INDEX reservations_expiry ON quotel.reservations USING btree (tenant_id, expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX tenants_provisioned ON quotel.tenants USING btree (provisioned_by, created_at) WHERE (provisioned_by IS NOT NULL);

-- Functions

CREATE OR REPLACE FUNCTION quotel.add_arrays(a bigint[], b integer[])
 RETURNS bigint[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
begin
  for position in coalesce(array_lower(b, 1), 1) .. coalesce(array_upper(b, 1), 0) loop
    a[position] := coalesce(a[position], 0) + coalesce(b[position], 0);
  end loop;
  return a;
end $function$;

CREATE OR REPLACE FUNCTION quotel.ensure_event_partitions(first_day date, last_day date)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'quotel', 'pg_temp'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION quotel.latency_quantile_ms(histogram bigint[], q double precision)
 RETURNS double precision
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select round((0.1 * power(1.1, position - 1) * 2 / 2.1)::numeric, 3)::double precision
  from (
    select position, sum(histogram[position]) over (order by position) as up_to,
      sum(histogram[position]) over () as total
    from generate_subscripts(histogram, 1) as position
  ) buckets
  where total > 0 and up_to >= q * total
  order by position limit 1
$function$;

CREATE OR REPLACE FUNCTION quotel.merge_latency(a integer[], b integer[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
begin
  for position in array_lower(b, 1) .. array_upper(b, 1) loop
    a[position] := coalesce(a[position], 0) + coalesce(b[position], 0);
  end loop;
  return a;
end $function$;

create aggregate quotel.sum_arrays(integer[]) (sfunc = quotel.add_arrays, stype = bigint[], initcond = '{}');

-- Views

create view public.quota_status with (security_invoker=true) as
 WITH plan_in_force AS (
         SELECT plans.plan_id,
            max(plans.version) AS version
           FROM quotel.plans
          GROUP BY plans.plan_id
        )
 SELECT t.tenant_id,
    t.plan_id AS plan,
    t.plan_source,
    t.licence_status,
    l.resource,
    l.period,
    l.amount AS limit_amount,
    l.enforcement,
    COALESCE(q.used, 0::bigint) AS used,
    COALESCE(q.reserved, 0::bigint) AS reserved,
    GREATEST(l.amount - COALESCE(q.used, 0::bigint) - COALESCE(q.reserved, 0::bigint), 0::bigint) AS remaining,
        CASE
            WHEN l.amount > 0 THEN round(100.0 * COALESCE(q.used, 0::bigint)::numeric / l.amount::numeric, 1)::double precision
            ELSE NULL::double precision
        END AS percent_used,
        CASE
            WHEN l.period = ANY (ARRAY['day'::text, 'month'::text]) THEN q.period_end
            ELSE NULL::timestamp with time zone
        END AS resets_at,
        CASE
            WHEN l.amount IS NULL THEN 'ok'::text
            WHEN COALESCE(q.used, 0::bigint) >= l.amount THEN 'exceeded'::text
            WHEN COALESCE(q.used, 0::bigint)::numeric >= (l.amount::numeric * l.warn_at) THEN 'warning'::text
            ELSE 'ok'::text
        END AS state,
    l.period = ANY (ARRAY['day'::text, 'month'::text, 'lifetime'::text]) AS enforced
   FROM quotel.tenants t
     JOIN plan_in_force p ON p.plan_id = t.plan_id
     JOIN quotel.plan_limits l ON l.plan_id = p.plan_id AND l.version = p.version
     LEFT JOIN quotel.quota_totals q ON q.tenant_id = t.tenant_id AND q.resource = l.resource AND q.period = l.period AND q.period_start <= now() AND q.period_end > now();

create view public.tenant_usage_metrics with (security_invoker=true) as
 SELECT usage_rollups.tenant_id,
    g.name AS granularity,
    g.start AS bucket_start,
    COALESCE(sum(usage_rollups.events) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0::numeric)::bigint AS api_calls_total,
    COALESCE(sum(usage_rollups.events - usage_rollups.events_failed - usage_rollups.events_rate_limited) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0::numeric)::bigint AS api_calls_successful,
    COALESCE(sum(usage_rollups.events_failed) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0::numeric)::bigint AS api_calls_failed,
    COALESCE(sum(usage_rollups.events_rate_limited) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0::numeric)::bigint AS api_calls_rate_limited,
    COALESCE(sum(usage_rollups.amount) FILTER (WHERE usage_rollups.resource = 'chat_messages'::text), 0::numeric)::bigint AS chat_messages,
    COALESCE(sum(usage_rollups.amount) FILTER (WHERE usage_rollups.resource = 'embeddings'::text), 0::numeric)::bigint AS embeddings,
    COALESCE(sum(usage_rollups.amount) FILTER (WHERE usage_rollups.resource = 'searches'::text), 0::numeric)::bigint AS searches,
    (sum(usage_rollups.input_tokens + usage_rollups.output_tokens) + COALESCE(sum(usage_rollups.amount) FILTER (WHERE usage_rollups.resource = 'tokens'::text), 0::numeric))::bigint AS total_tokens,
    sum(usage_rollups.input_tokens)::bigint AS input_tokens,
    sum(usage_rollups.output_tokens)::bigint AS output_tokens,
    COALESCE(sum(usage_rollups.input_tokens + usage_rollups.output_tokens) FILTER (WHERE usage_rollups.event_type = 'embedding'::text), 0::numeric)::bigint AS embedding_tokens,
    sum(usage_rollups.partial_tokens)::bigint AS partial_tokens,
    sum(usage_rollups.estimated_tokens)::bigint AS estimated_tokens,
    sum(usage_rollups.events_without_usage)::bigint AS events_without_usage,
    sum(usage_rollups.cost_nano_usd)::bigint AS cost_nano_usd,
    sum(usage_rollups.unpriced_events)::bigint AS unpriced_events,
    sum(usage_rollups.events_failed)::bigint AS error_count,
    (sum(usage_rollups.duration_us_sum) FILTER (WHERE usage_rollups.event_type = 'api_call'::text) / NULLIF(sum(usage_rollups.events) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0::numeric) / 1000::numeric)::double precision AS latency_ms_avg,
    quotel.latency_quantile_ms(quotel.sum_arrays(usage_rollups.latency) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0.95::double precision) AS latency_ms_p95,
    quotel.latency_quantile_ms(quotel.sum_arrays(usage_rollups.latency) FILTER (WHERE usage_rollups.event_type = 'api_call'::text), 0.99::double precision) AS latency_ms_p99
   FROM quotel.usage_rollups
     CROSS JOIN LATERAL ( SELECT 'hourly'::text AS name,
            usage_rollups.bucket_start AS start
          WHERE usage_rollups.granularity = 'hour'::text
        UNION ALL
         SELECT 'daily'::text,
            usage_rollups.bucket_start
          WHERE usage_rollups.granularity = 'day'::text
        UNION ALL
         SELECT 'monthly'::text,
            usage_rollups.month_start
          WHERE usage_rollups.granularity = 'day'::text) g
  GROUP BY usage_rollups.tenant_id, g.name, g.start;

create view public.tenant_usage_realtime with (security_invoker=true) as
 SELECT tenant_id,
    granularity,
    bucket_start,
    api_calls_total,
    api_calls_successful,
    api_calls_failed,
    api_calls_rate_limited,
    chat_messages,
    embeddings,
    searches,
    total_tokens,
    input_tokens,
    output_tokens,
    embedding_tokens,
    partial_tokens,
    estimated_tokens,
    events_without_usage,
    cost_nano_usd,
    unpriced_events,
    error_count,
    latency_ms_avg,
    latency_ms_p95,
    latency_ms_p99
   FROM public.tenant_usage_metrics
  WHERE granularity = 'hourly'::text AND bucket_start >= (now() - '48:00:00'::interval);

create view public.usage_by_model with (security_invoker=true) as
 SELECT tenant_id,
    bucket_start AS day_start,
    event_type,
    provider,
    model,
    sum(events)::bigint AS calls,
    sum(events_failed)::bigint AS calls_failed,
    sum(input_tokens)::bigint AS input_tokens,
    sum(output_tokens)::bigint AS output_tokens,
    sum(cache_read_tokens)::bigint AS cache_read_tokens,
    sum(reasoning_tokens)::bigint AS reasoning_tokens,
    sum(cost_nano_usd)::bigint AS cost_nano_usd,
    sum(unpriced_events)::bigint AS unpriced_events,
    quotel.latency_quantile_ms(quotel.sum_arrays(latency), 0.95::double precision) AS latency_ms_p95
   FROM quotel.usage_rollups
  WHERE granularity = 'day'::text AND model <> ''::text
  GROUP BY tenant_id, bucket_start, event_type, provider, model;

create view public.usage_daily with (security_invoker=true) as
 SELECT tenant_id,
    period_start AS day_start,
    period_end AS day_end,
    resource,
    used AS amount
   FROM quotel.quota_totals
  WHERE period = 'day'::text AND used <> 0;

create view public.usage_events with (security_invoker=true) as
 SELECT tenant_id,
    event_day,
    ended_at,
    accounted_at,
    received_at,
    event_type,
    status::text AS status,
    resource,
    amount,
    input_tokens,
    output_tokens,
    cache_read_tokens,
    cache_write_tokens,
    reasoning_tokens,
    usage_source::text AS usage_source,
    cost_nano_usd,
    provider,
    model,
    route,
    user_id,
    reservation_id,
    duration_us::numeric / 1000.0 AS duration_ms,
    replace(trace_id::text, '-'::text, ''::text) AS trace_id,
    lpad(to_hex(span_id), 16, '0'::text) AS span_id
   FROM quotel.usage_events;

create view quotel.usage_amounts as
 SELECT e.tenant_id,
    e.event_day,
    e.trace_id,
    e.span_id,
    e.accounted_at,
    e.reservation_id,
    a.resource,
    a.amount
   FROM quotel.usage_events e
     CROSS JOIN LATERAL ( VALUES (e.resource,e.amount), ('tokens'::text,COALESCE(e.input_tokens, 0::bigint) + COALESCE(e.output_tokens, 0::bigint)), ('embedding_tokens'::text,
                CASE
                    WHEN e.event_type = 'embedding'::text THEN COALESCE(e.input_tokens, 0::bigint) + COALESCE(e.output_tokens, 0::bigint)
                    ELSE NULL::bigint
                END), ('cost'::text,e.cost_nano_usd)) a(resource, amount)
  WHERE a.resource IS NOT NULL AND a.amount <> 0;

-- Row security

alter table quotel.quarantine enable row level security;
create policy writer_all on quotel.quarantine as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.quota_totals enable row level security;
create policy reader_all on quotel.quota_totals as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_totals as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.quota_totals as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.reservations enable row level security;
create policy writer_all on quotel.reservations as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.tenant_calendars enable row level security;
create policy writer_all on quotel.tenant_calendars as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.tenants enable row level security;
create policy reader_all on quotel.tenants as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.tenants as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.tenants as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.usage_events enable row level security;
create policy reader_all on quotel.usage_events as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.usage_events as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.usage_events as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.usage_rollups enable row level security;
create policy reader_all on quotel.usage_rollups as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.usage_rollups as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.usage_rollups as permissive for all to quotel_writer using (true) with check (true);

-- Grants

grant execute on function quotel.add_arrays(bigint[],integer[]) to public;
grant execute on function quotel.ensure_event_partitions(date,date) to quotel_writer;
grant execute on function quotel.latency_quantile_ms(bigint[],double precision) to public;
grant execute on function quotel.merge_latency(integer[],integer[]) to public;
grant execute on function quotel.sum_arrays(integer[]) to public;
grant usage on schema public to public;
grant create, usage on schema public to quotel_owner;
grant usage on schema quotel to quotel_writer;
grant select on table public.quota_status to quotel_reader;
grant select on table public.quota_status to quotel_tenant;
grant select on table public.quota_status to quotel_writer;
grant select on table public.tenant_usage_metrics to quotel_reader;
grant select on table public.tenant_usage_metrics to quotel_tenant;
grant select on table public.tenant_usage_metrics to quotel_writer;
grant select on table public.tenant_usage_realtime to quotel_reader;
grant select on table public.tenant_usage_realtime to quotel_tenant;
grant select on table public.tenant_usage_realtime to quotel_writer;
grant select on table public.usage_by_model to quotel_reader;
grant select on table public.usage_by_model to quotel_tenant;
grant select on table public.usage_by_model to quotel_writer;
grant select on table public.usage_daily to quotel_reader;
grant select on table public.usage_daily to quotel_tenant;
grant select on table public.usage_daily to quotel_writer;
grant select on table public.usage_events to quotel_reader;
grant select on table public.usage_events to quotel_tenant;
grant select on table public.usage_events to quotel_writer;
grant insert, select, update on table quotel.api_keys to quotel_writer;
grant select on table quotel.plan_limits to quotel_reader;
grant select on table quotel.plan_limits to quotel_tenant;
grant insert, select on table quotel.plan_limits to quotel_writer;
grant select on table quotel.plans to quotel_reader;
grant select on table quotel.plans to quotel_tenant;
grant insert, select on table quotel.plans to quotel_writer;
grant insert, select on table quotel.quarantine to quotel_writer;
grant select on table quotel.quota_totals to quotel_reader;
grant select on table quotel.quota_totals to quotel_tenant;
grant insert, select, update on table quotel.quota_totals to quotel_writer;
grant insert, select, update on table quotel.reservations to quotel_writer;
grant insert, select on table quotel.tenant_calendars to quotel_writer;
grant select on table quotel.tenants to quotel_reader;
grant select on table quotel.tenants to quotel_tenant;
grant insert, select, update on table quotel.tenants to quotel_writer;
grant select on table quotel.usage_amounts to quotel_writer;
grant select on table quotel.usage_events to quotel_reader;
grant select on table quotel.usage_events to quotel_tenant;
grant insert, select on table quotel.usage_events to quotel_writer;
grant select on table quotel.usage_rollups to quotel_reader;
grant select on table quotel.usage_rollups to quotel_tenant;
grant insert, select, update on table quotel.usage_rollups to quotel_writer;
