-- The schema that the migrations make, as Postgres 18 describes it. Written by `npm run schema:dump`.

-- Schemas

create schema public authorization pg_database_owner;
create schema quotel authorization quotel_owner;

-- Types

create type quotel.point_kind as enum (
  'gauge',
  'cumulative',
  'delta',
  'counter'
);

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

-- Sequences

create sequence quotel.price_overrides_override_id_seq as bigint start 1 increment 1;
create sequence quotel.unfolded_batches_batch_seq as bigint start 1 increment 1;

-- Tables

create table quotel.accounted_days (
  tenant_id text not null,
  day_start timestamp with time zone not null,
  first_event_day date not null,
  last_event_day date not null,
  events bigint not null,
  changed_at timestamp with time zone,
  touched_at timestamp with time zone not null,
  verified_to timestamp with time zone default '-infinity'::timestamp with time zone not null,
  constraint accounted_days_pkey PRIMARY KEY (tenant_id, day_start)
) with (fillfactor=70);

create table quotel.api_keys (
  key_hash bytea not null,
  key_id text not null,
  kind text not null,
  tenants text[],
  created_at timestamp with time zone default now() not null,
  revoked_at timestamp with time zone,
  count_scopes text[],
  constraint api_keys_pkey PRIMARY KEY (key_hash),
  constraint api_keys_key_id_key UNIQUE (key_id),
  constraint api_keys_kind_check CHECK ((kind = ANY (ARRAY['ingest'::text, 'service'::text, 'tenant'::text, 'admin'::text])))
);

create table quotel.audit_chains (
  tenant_id text not null,
  base_seq bigint not null,
  base_hash bytea not null,
  last_seq bigint not null,
  last_hash bytea not null,
  last_recorded_at timestamp with time zone not null,
  constraint audit_chains_pkey PRIMARY KEY (tenant_id)
) with (fillfactor=70);

create table quotel.audit_events (
  tenant_id text not null,
  seq bigint not null,
  event_id uuid not null,
  recorded_at timestamp with time zone not null,
  fingerprint bigint,
  payload json not null,
  payload_hash bytea not null,
  prev_hash bytea not null,
  hash bytea not null,
  erased_at timestamp with time zone,
  event_type text generated always as ((payload ->> 'eventType'::text)) stored,
  occurred_at timestamp with time zone generated always as (to_timestamp(((((payload ->> 'occurredAtMicros'::text))::numeric)::double precision / (1000000)::double precision))) stored,
  result text generated always as ((payload ->> 'result'::text)) stored,
  constraint audit_events_pkey PRIMARY KEY (tenant_id, seq),
  constraint audit_events_tenant_id_event_id_key UNIQUE (tenant_id, event_id)
);

create table quotel.audit_resolutions (
  tenant_id text not null,
  event_id uuid not null,
  resolved_at timestamp with time zone default clock_timestamp() not null,
  note text not null,
  constraint audit_resolutions_pkey PRIMARY KEY (tenant_id, event_id, resolved_at)
);

create table quotel.backfill_batches (
  backfill_id uuid not null,
  batch bigint not null,
  constraint backfill_batches_pkey PRIMARY KEY (batch),
  constraint backfill_batches_backfill_id_fkey FOREIGN KEY (backfill_id) REFERENCES quotel.backfills(backfill_id)
);

create table quotel.backfills (
  backfill_id uuid not null,
  file_name text not null,
  sha256 bytea not null,
  started_at timestamp with time zone default now() not null,
  finished_at timestamp with time zone,
  reverted_at timestamp with time zone,
  closed_at timestamp with time zone,
  first_day date,
  last_day date,
  events bigint default 0 not null,
  constraint backfills_pkey PRIMARY KEY (backfill_id)
);

create table quotel.collector_instances (
  instance_id uuid not null,
  host text not null,
  started_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  counters jsonb not null,
  constraint collector_instances_pkey PRIMARY KEY (instance_id)
) with (fillfactor=50);

create table quotel.counters (
  tenant_id text not null,
  stream uuid not null,
  resource text not null,
  constraint counters_pkey PRIMARY KEY (tenant_id, stream)
);

create table quotel.day_totals (
  tenant_id text not null,
  resource text not null,
  day_start timestamp with time zone not null,
  day_end timestamp with time zone not null,
  month_start timestamp with time zone not null,
  month_end timestamp with time zone not null,
  used bigint[] not null,
  reserved bigint[] not null,
  constraint day_totals_pkey PRIMARY KEY (tenant_id, resource, day_start)
) with (fillfactor=50);

create table quotel.denial_writers (
  writer_id uuid not null,
  batch bigint not null,
  written_at timestamp with time zone not null,
  constraint denial_writers_pkey PRIMARY KEY (writer_id)
) with (fillfactor=70);

create table quotel.denied_decisions (
  tenant_id text not null,
  resource text not null,
  minute timestamp with time zone not null,
  place smallint not null,
  decision_id uuid not null,
  decision json not null,
  constraint denied_decisions_pkey PRIMARY KEY (tenant_id, resource, minute, place),
  constraint denied_decisions_place_check CHECK (((place >= 1) AND (place <= 10)))
);

create table quotel.folded_intake (
  minute timestamp with time zone not null,
  events bigint not null,
  unattributed bigint not null,
  model_events bigint not null,
  unpriced bigint not null,
  estimated bigint not null,
  lag_ms_sum bigint not null,
  newest_ended_at timestamp with time zone not null,
  constraint folded_intake_pkey PRIMARY KEY (minute)
) with (fillfactor=70);

create table quotel.folded_rollups (
  tenant_id text not null,
  granularity text not null,
  bucket_start timestamp with time zone not null,
  event_type text not null,
  resource text not null,
  provider text not null,
  model text not null,
  user_id text not null,
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
  constraint folded_rollups_pkey PRIMARY KEY (tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id),
  constraint folded_rollups_granularity_check CHECK ((granularity = ANY (ARRAY['hour'::text, 'day'::text, 'user_day'::text])))
) with (fillfactor=70);

create table quotel.invariant_findings (
  kind text not null,
  tenant_id text not null,
  key text not null,
  day_start timestamp with time zone,
  expected bigint not null,
  found bigint not null,
  first_seen_at timestamp with time zone not null,
  seen_at timestamp with time zone not null,
  cleared_at timestamp with time zone,
  constraint invariant_findings_pkey PRIMARY KEY (kind, tenant_id, key)
);

create table quotel.ledger_seal (
  only_row boolean default true not null,
  sealed_before date default '-infinity'::date not null,
  unsealed_from timestamp with time zone default '-infinity'::timestamp with time zone not null,
  constraint ledger_seal_pkey PRIMARY KEY (only_row),
  constraint ledger_seal_only_row_check CHECK (only_row)
);

create table quotel.level_days (
  tenant_id text not null,
  resource text not null,
  day_start timestamp with time zone not null,
  month_start timestamp with time zone not null,
  value bigint not null,
  as_of timestamp with time zone not null,
  high_water bigint not null,
  state jsonb not null,
  constraint level_days_pkey PRIMARY KEY (tenant_id, resource, day_start)
) with (fillfactor=70);

create table quotel.levels (
  tenant_id text not null,
  resource text not null,
  value bigint not null,
  as_of timestamp with time zone not null,
  constraint levels_pkey PRIMARY KEY (tenant_id, resource)
) with (fillfactor=70);

create table quotel.limit_overrides (
  tenant_id text not null,
  override_id uuid not null,
  resource text not null,
  period text not null,
  amount bigint,
  enforcement text default 'hard'::text not null,
  warn_at numeric(4,3) default 0.8 not null,
  grace_fraction numeric(6,3) default 0 not null,
  grace_seconds integer default 0 not null,
  burst bigint default 0 not null,
  on_unavailable text default 'allow'::text not null,
  on_unpriced text default 'allow'::text not null,
  valid_from timestamp with time zone default now() not null,
  valid_until timestamp with time zone,
  reason text not null,
  actor text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  revoked_at timestamp with time zone,
  revoked_by text,
  constraint limit_overrides_pkey PRIMARY KEY (tenant_id, override_id),
  constraint limit_overrides_amount_check CHECK ((amount >= 0)),
  constraint limit_overrides_burst_check CHECK ((burst >= 0)),
  constraint limit_overrides_check CHECK ((valid_until > valid_from)),
  constraint limit_overrides_enforcement_check CHECK ((enforcement = ANY (ARRAY['hard'::text, 'soft'::text, 'shadow'::text]))),
  constraint limit_overrides_grace_fraction_check CHECK ((grace_fraction >= (0)::numeric)),
  constraint limit_overrides_grace_seconds_check CHECK ((grace_seconds >= 0)),
  constraint limit_overrides_on_unavailable_check CHECK ((on_unavailable = ANY (ARRAY['allow'::text, 'deny'::text]))),
  constraint limit_overrides_on_unpriced_check CHECK ((on_unpriced = ANY (ARRAY['allow'::text, 'deny'::text]))),
  constraint limit_overrides_period_check CHECK ((period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text, 'day'::text, 'month'::text, 'lifetime'::text, 'level'::text]))),
  constraint limit_overrides_warn_at_check CHECK (((warn_at > (0)::numeric) AND (warn_at <= (1)::numeric)))
);

create table quotel.metric_points (
  tenant_id text not null,
  stream uuid not null,
  started_at timestamp with time zone not null,
  sampled_at timestamp with time zone not null,
  accounted_at timestamp with time zone not null,
  resource text not null,
  kind quotel.point_kind not null,
  value bigint not null,
  constraint metric_points_pkey PRIMARY KEY (tenant_id, stream, started_at, sampled_at)
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
  grace_fraction numeric(6,3) default 0 not null,
  grace_seconds integer default 0 not null,
  burst bigint default 0 not null,
  on_unavailable text default 'allow'::text not null,
  on_unpriced text default 'allow'::text not null,
  constraint plan_limits_pkey PRIMARY KEY (plan_id, version, resource, period),
  constraint plan_limits_plan_id_version_fkey FOREIGN KEY (plan_id, version) REFERENCES quotel.plans(plan_id, version),
  constraint plan_limits_amount_check CHECK ((amount >= 0)),
  constraint plan_limits_burst_check CHECK ((burst >= 0)),
  constraint plan_limits_enforcement_check CHECK ((enforcement = ANY (ARRAY['hard'::text, 'soft'::text, 'shadow'::text]))),
  constraint plan_limits_grace_fraction_check CHECK ((grace_fraction >= (0)::numeric)),
  constraint plan_limits_grace_seconds_check CHECK ((grace_seconds >= 0)),
  constraint plan_limits_on_unavailable_check CHECK ((on_unavailable = ANY (ARRAY['allow'::text, 'deny'::text]))),
  constraint plan_limits_on_unpriced_check CHECK ((on_unpriced = ANY (ARRAY['allow'::text, 'deny'::text]))),
  constraint plan_limits_period_check CHECK ((period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text, 'day'::text, 'month'::text, 'lifetime'::text, 'level'::text]))),
  constraint plan_limits_warn_at_check CHECK (((warn_at > (0)::numeric) AND (warn_at <= (1)::numeric)))
);

create table quotel.plans (
  plan_id text not null,
  version integer not null,
  features text[] default '{}'::text[] not null,
  rank integer default 0 not null,
  actor text default 'start'::text not null,
  created_at timestamp with time zone default now() not null,
  constraint plans_pkey PRIMARY KEY (plan_id, version)
);

create table quotel.price_overrides (
  override_id bigint generated always as identity not null,
  provider text not null,
  model text not null,
  service_tier text,
  valid_from timestamp with time zone not null,
  input numeric(12,6),
  output numeric(12,6),
  cache_read numeric(12,6),
  cache_write numeric(12,6),
  reasoning numeric(12,6),
  per_request numeric(15,9),
  ended boolean not null,
  reason text not null,
  actor text not null,
  created_at timestamp with time zone default now() not null,
  constraint price_overrides_pkey PRIMARY KEY (override_id),
  constraint price_overrides_actor_check CHECK ((actor <> ''::text)),
  constraint price_overrides_cache_read_check CHECK ((cache_read >= (0)::numeric)),
  constraint price_overrides_cache_write_check CHECK ((cache_write >= (0)::numeric)),
  constraint price_overrides_check CHECK ((ended = ((input IS NULL) AND (output IS NULL) AND (cache_read IS NULL) AND (cache_write IS NULL) AND (reasoning IS NULL) AND (per_request IS NULL)))),
  constraint price_overrides_input_check CHECK ((input >= (0)::numeric)),
  constraint price_overrides_model_check CHECK (((model = lower(model)) AND (model <> ''::text) AND ((POSITION(('*'::text) IN (model)) = 0) OR (POSITION(('*'::text) IN (model)) = length(model))))),
  constraint price_overrides_output_check CHECK ((output >= (0)::numeric)),
  constraint price_overrides_per_request_check CHECK ((per_request >= (0)::numeric)),
  constraint price_overrides_provider_check CHECK (((provider = lower(provider)) AND (provider <> ''::text))),
  constraint price_overrides_reason_check CHECK ((reason <> ''::text)),
  constraint price_overrides_reasoning_check CHECK ((reasoning >= (0)::numeric)),
  constraint price_overrides_service_tier_check CHECK (((service_tier = lower(service_tier)) AND (service_tier <> ''::text)))
);

create table quotel.producer_boots (
  producer text not null,
  boot_id text not null,
  sequences int8multirange not null,
  written_off bigint not null,
  newest_ended_at timestamp with time zone not null,
  complete_to timestamp with time zone,
  first_heard_at timestamp with time zone not null,
  last_heard_at timestamp with time zone not null,
  told_seq bigint,
  told_at timestamp with time zone,
  service text,
  counters jsonb,
  lossless_at timestamp with time zone,
  constraint producer_boots_pkey PRIMARY KEY (producer, boot_id)
) with (fillfactor=70);

create table quotel.producer_reports (
  minute timestamp with time zone not null,
  counter text not null,
  amount bigint not null,
  constraint producer_reports_pkey PRIMARY KEY (minute, counter)
) with (fillfactor=70);

create table quotel.quarantine (
  tenant_id text not null,
  quarantine_id uuid not null,
  signal text not null,
  reason text not null,
  producer text not null,
  received_at timestamp with time zone default now() not null,
  trace_id uuid,
  payload json,
  resolved_at timestamp with time zone,
  resolution text,
  discard_reason text,
  constraint quarantine_pkey PRIMARY KEY (tenant_id, quarantine_id),
  constraint quarantine_check CHECK (((resolved_at IS NULL) = (resolution IS NULL))),
  constraint quarantine_resolution_check CHECK ((resolution = ANY (ARRAY['replayed'::text, 'counted_since'::text, 'discarded'::text]))),
  constraint quarantine_signal_check CHECK ((signal = ANY (ARRAY['span'::text, 'data_point'::text, 'log_record'::text, 'event'::text, 'point'::text, 'audit'::text])))
);

create table quotel.quarantine_days (
  producer text not null,
  day date not null,
  kept integer not null,
  large_bytes bigint not null,
  turned_away bigint not null,
  constraint quarantine_days_pkey PRIMARY KEY (producer, day)
);

create table quotel.quota_crossings (
  tenant_id text not null,
  resource text not null,
  period text not null,
  period_start timestamp with time zone not null,
  crossed_at timestamp with time zone not null,
  constraint quota_crossings_pkey PRIMARY KEY (tenant_id, resource, period, period_start),
  constraint quota_crossings_period_check CHECK ((period = ANY (ARRAY['day'::text, 'month'::text, 'lifetime'::text, 'level'::text])))
);

create table quotel.quota_denials (
  tenant_id text not null,
  resource text not null,
  minute timestamp with time zone not null,
  reason text not null,
  denials bigint not null,
  constraint quota_denials_pkey PRIMARY KEY (tenant_id, resource, minute, reason)
) with (fillfactor=70);

create table quotel.rate_windows (
  tenant_id text not null,
  resource text not null,
  period text not null,
  head bigint not null,
  counts bigint[] not null,
  constraint rate_windows_pkey PRIMARY KEY (tenant_id, resource, period),
  constraint rate_windows_counts_check CHECK ((cardinality(counts) <= 61)),
  constraint rate_windows_period_check CHECK ((period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text])))
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
  kept_until timestamp with time zone,
  closed_at timestamp with time zone,
  resources text[] not null,
  estimates bigint[] not null,
  true_amounts bigint[],
  settled bigint[] not null,
  held bigint[] not null,
  late_after_expiry bigint[] not null,
  constraint reservations_pkey PRIMARY KEY (tenant_id, reservation_id),
  constraint reservations_check CHECK (((cardinality(resources) = cardinality(estimates)) AND (cardinality(resources) = cardinality(settled)) AND (cardinality(resources) = cardinality(held)) AND (cardinality(resources) = cardinality(late_after_expiry)) AND ((true_amounts IS NULL) OR (cardinality(true_amounts) = cardinality(resources))))),
  constraint reservations_state_check CHECK ((state = ANY (ARRAY['early'::text, 'open'::text, 'closed'::text, 'settled'::text, 'kept'::text, 'released'::text, 'expired'::text])))
) with (fillfactor=70);

create table quotel.rollup_caps (
  tenant_id text not null,
  event_types boolean not null,
  models boolean not null,
  users boolean not null,
  constraint rollup_caps_pkey PRIMARY KEY (tenant_id)
);

create table quotel.rollup_labels (
  tenant_id text not null,
  kind text not null,
  label text not null,
  constraint rollup_labels_pkey PRIMARY KEY (tenant_id, kind, label),
  constraint rollup_labels_kind_check CHECK ((kind = ANY (ARRAY['event_type'::text, 'model'::text, 'resource'::text, 'user'::text])))
);

create table quotel.security_events (
  producer text not null,
  claimed_tenant text not null,
  hour timestamp with time zone not null,
  signal text not null,
  claims bigint not null,
  first_seen timestamp with time zone not null,
  last_seen timestamp with time zone not null,
  trace_id uuid,
  span_id bigint,
  constraint security_events_pkey PRIMARY KEY (producer, hour, claimed_tenant, signal),
  constraint security_events_signal_check CHECK ((signal = ANY (ARRAY['span'::text, 'data_point'::text, 'log_record'::text])))
);

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
  licence_expires_at timestamp with time zone,
  provisioned_by text,
  created_at timestamp with time zone default now() not null,
  updated_at timestamp with time zone default now() not null,
  constraint tenants_pkey PRIMARY KEY (tenant_id),
  constraint tenants_licence_status_check CHECK ((licence_status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text, 'suspended'::text, 'cancelled'::text, 'expired'::text]))),
  constraint tenants_plan_source_check CHECK ((plan_source = ANY (ARRAY['default'::text, 'assigned'::text]))),
  constraint tenants_tenant_id_check CHECK ((tenant_id ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$'::text))
);

create table quotel.unfolded_arrivals (
  producer text not null,
  boot_id text not null,
  sequences int8multirange not null,
  newest_ended_at timestamp with time zone not null,
  received_at timestamp with time zone default now() not null
);

create table quotel.unfolded_batches (
  batch bigint generated always as identity not null,
  first_day date not null,
  last_day date not null,
  events integer not null,
  opened_at timestamp with time zone default now() not null,
  constraint unfolded_batches_pkey PRIMARY KEY (batch)
);

create table quotel.unfolded_heartbeats (
  producer text not null,
  boot_id text not null,
  seq bigint not null,
  told_at timestamp with time zone not null,
  service text,
  counters jsonb not null,
  received_at timestamp with time zone default now() not null
);

create table quotel.unfolded_intake (
  received_at timestamp with time zone default now() not null,
  events bigint not null,
  unattributed bigint not null,
  model_events bigint not null,
  unpriced bigint not null,
  estimated bigint not null,
  lag_ms_sum bigint not null,
  newest_ended_at timestamp with time zone not null
);

create table quotel.unknown_tenants (
  tenant_id text not null,
  last_day date not null,
  constraint unknown_tenants_pkey PRIMARY KEY (tenant_id)
);

create table quotel.usage_events (
  tenant_id text not null,
  event_day date not null,
  trace_id uuid not null,
  span_id bigint not null,
  batch bigint not null,
  ended_at timestamp with time zone not null,
  accounted_at timestamp with time zone not null,
  day_start timestamp with time zone not null,
  month_start timestamp with time zone not null,
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
  service_tier text,
  route text,
  user_id text,
  reservation_id uuid,
  boot_id text,
  seq bigint,
  flags integer not null,
  producer text not null,
  detail jsonb,
  moved_to text,
  constraint usage_events_pkey PRIMARY KEY (tenant_id, event_day, trace_id, span_id)
) partition by RANGE (event_day);

create table quotel.verification (
  only_row boolean default true not null,
  passed_at timestamp with time zone default '-infinity'::timestamp with time zone not null,
  tenants_after text default ''::text not null,
  chains_after text default ''::text not null,
  constraint verification_pkey PRIMARY KEY (only_row),
  constraint verification_only_row_check CHECK (only_row)
);

-- Indexes

CREATE INDEX accounted_days_unverified ON quotel.accounted_days USING btree (changed_at) WHERE (changed_at IS NOT NULL);
CREATE INDEX audit_events_id ON quotel.audit_events USING btree (event_id);
CREATE INDEX audit_events_occurred ON quotel.audit_events USING btree (tenant_id, occurred_at);
CREATE INDEX audit_events_time ON quotel.audit_events USING brin (occurred_at);
CREATE INDEX backfill_batches_backfill ON quotel.backfill_batches USING btree (backfill_id, batch);
CREATE INDEX denied_decisions_age ON quotel.denied_decisions USING brin (minute);
CREATE INDEX denied_decisions_id ON quotel.denied_decisions USING btree (tenant_id, decision_id);
CREATE INDEX metric_points_age ON quotel.metric_points USING brin (sampled_at);
CREATE INDEX metric_points_levels ON quotel.metric_points USING btree (tenant_id, resource, accounted_at) WHERE (kind <> 'counter'::quotel.point_kind);
CREATE INDEX price_overrides_key ON quotel.price_overrides USING btree (provider, model, service_tier, valid_from);
CREATE INDEX quarantine_received ON quotel.quarantine USING btree (received_at);
CREATE INDEX quarantine_waiting ON quotel.quarantine USING btree (tenant_id) WHERE ((resolved_at IS NULL) AND (signal = ANY (ARRAY['event'::text, 'point'::text, 'audit'::text])) AND (reason <> 'conflict'::text));
CREATE INDEX quota_denials_age ON quotel.quota_denials USING brin (minute);
CREATE INDEX reservations_closed ON quotel.reservations USING btree (tenant_id, closed_at) WHERE (state = 'closed'::text);
CREATE INDEX reservations_due ON quotel.reservations USING btree (expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX reservations_expiry ON quotel.reservations USING btree (tenant_id, expires_at) WHERE (expires_at IS NOT NULL);
CREATE INDEX tenants_provisioned ON quotel.tenants USING btree (provisioned_by, created_at) WHERE (provisioned_by IS NOT NULL);
CREATE INDEX usage_events_batch ON ONLY quotel.usage_events USING btree (batch);

-- Functions

CREATE OR REPLACE FUNCTION public.aggregate_usage_metrics()
 RETURNS TABLE(events_unfolded bigint, drift bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO ''
AS $function$
  select
    (select coalesce(sum(events), 0)::bigint from quotel.unfolded_batches),
    (select count(*) from quotel.invariant_findings where cleared_at is null and kind in ('rollup_drift', 'total_drift'))
$function$;

CREATE OR REPLACE FUNCTION public.check_tenant_quota(tenant text, tokens bigint)
 RETURNS TABLE(allowed boolean, reason text, limit_amount bigint, used bigint, reserved bigint, remaining bigint, resets_at timestamp with time zone)
 LANGUAGE sql
 STABLE
BEGIN ATOMIC
 WITH known AS (
          SELECT t.tenant_id,
             ((t.licence_status = ANY (ARRAY['active'::text, 'trialing'::text, 'past_due'::text])) AND ((t.licence_expires_at IS NULL) OR (t.licence_expires_at > now()))) AS licensed
            FROM quotel.tenants t
           WHERE (t.tenant_id = check_tenant_quota.tenant)
         ), limits AS (
          SELECT s.tenant_id,
             s.plan,
             s.plan_source,
             s.licence_status,
             s.licence_expires_at,
             s.resource,
             s.period,
             s.limit_amount,
             s.enforcement,
             s.source,
             s.override_id,
             s.used,
             s.reserved,
             s.remaining,
             s.percent_used,
             s.resets_at,
             s.state,
             s.admitted,
             s.grace_seconds,
             ((s.enforcement <> 'hard'::text) OR (s.admitted IS NULL) OR ((((s.used)::numeric + (s.reserved)::numeric) + (check_tenant_quota.tokens)::numeric) <= (s.admitted)::numeric)) AS fits,
             (((s.admitted)::numeric - (s.used)::numeric) - (s.reserved)::numeric) AS room
            FROM public.quota_status s
           WHERE ((s.tenant_id = check_tenant_quota.tenant) AND (s.resource = 'tokens'::text))
         ), verdict AS (
          SELECT COALESCE(bool_and(limits.fits), true) AS fits,
             COALESCE(bool_or(((NOT limits.fits) AND (limits.grace_seconds = 0) AND (check_tenant_quota.tokens > limits.admitted))), false) AS hopeless,
             COALESCE(bool_and((limits.period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text]))) FILTER (WHERE (NOT limits.fits)), false) AS rates_only
            FROM limits
         )
  SELECT (k.licensed AND v.fits),
         CASE
             WHEN (NOT k.licensed) THEN 'LICENSE_INACTIVE'::text
             WHEN v.hopeless THEN 'AMOUNT_EXCEEDS_LIMIT'::text
             WHEN v.rates_only THEN 'RATE_LIMITED'::text
             WHEN (NOT v.fits) THEN 'QUOTA_EXCEEDED'::text
             ELSE NULL::text
         END AS "case",
     l.limit_amount,
     COALESCE(l.used, (0)::bigint) AS "coalesce",
     COALESCE(l.reserved, (0)::bigint) AS "coalesce",
     l.remaining,
     l.resets_at
    FROM ((known k
      CROSS JOIN verdict v)
      LEFT JOIN ( SELECT limits.tenant_id,
             limits.plan,
             limits.plan_source,
             limits.licence_status,
             limits.licence_expires_at,
             limits.resource,
             limits.period,
             limits.limit_amount,
             limits.enforcement,
             limits.source,
             limits.override_id,
             limits.used,
             limits.reserved,
             limits.remaining,
             limits.percent_used,
             limits.resets_at,
             limits.state,
             limits.admitted,
             limits.grace_seconds,
             limits.fits,
             limits.room
            FROM limits
           ORDER BY limits.fits, limits.room, limits.period
          LIMIT 1) l ON (true));
END;

CREATE OR REPLACE FUNCTION public.cleanup_old_audit_events()
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  chain quotel.audit_chains;
  kept_from timestamptz := now() - interval '2 years';
  last_old bigint;
  deleted bigint := 0;
begin
  perform set_config('quotel.audit_change', 'cleanup', true);
  for chain in
    select c.* from quotel.audit_chains c
    where exists (
      select from quotel.audit_events e
      where e.tenant_id = c.tenant_id and e.seq = c.base_seq + 1 and e.recorded_at < kept_from)
    order by c.tenant_id
    for update
  loop
    select coalesce(min(e.seq) - 1, chain.last_seq) into last_old from quotel.audit_events e
    where e.tenant_id = chain.tenant_id and e.recorded_at >= kept_from;
    update quotel.audit_chains c set (base_seq, base_hash) = (
      select e.seq, e.hash from quotel.audit_events e where e.tenant_id = chain.tenant_id and e.seq = last_old)
    where c.tenant_id = chain.tenant_id;
    delete from quotel.audit_resolutions r using quotel.audit_events e
    where e.tenant_id = chain.tenant_id and e.seq <= last_old
      and r.tenant_id = e.tenant_id and r.event_id = e.event_id;
    delete from quotel.audit_events e where e.tenant_id = chain.tenant_id and e.seq <= last_old;
    deleted := deleted + last_old - chain.base_seq;
  end loop;
  perform set_config('quotel.audit_change', '', true);
  return deleted;
end $function$;

CREATE OR REPLACE FUNCTION public.cleanup_old_realtime_events()
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
 SET lock_timeout TO '250ms'
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION public.resolve_audit_event(id uuid, note text)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
  with resolved as (
    insert into quotel.audit_resolutions (tenant_id, event_id, note)
    select e.tenant_id, e.event_id, resolve_audit_event.note
    from quotel.audit_events e where e.event_id = resolve_audit_event.id
    returning 1
  )
  select exists (select from resolved)
$function$;

CREATE OR REPLACE FUNCTION quotel.add_amounts(a bigint[], b bigint[])
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select array[
    coalesce(a[1], 0) + coalesce(b[1], 0), coalesce(a[2], 0) + coalesce(b[2], 0), coalesce(a[3], 0) + coalesce(b[3], 0),
    coalesce(a[4], 0) + coalesce(b[4], 0), coalesce(a[5], 0) + coalesce(b[5], 0), coalesce(a[6], 0) + coalesce(b[6], 0),
    coalesce(a[7], 0) + coalesce(b[7], 0), coalesce(a[8], 0) + coalesce(b[8], 0), coalesce(a[9], 0) + coalesce(b[9], 0),
    coalesce(a[10], 0) + coalesce(b[10], 0), coalesce(a[11], 0) + coalesce(b[11], 0), coalesce(a[12], 0) + coalesce(b[12], 0)]
$function$;

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

CREATE OR REPLACE FUNCTION quotel.as_bigint(sum numeric)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select least(greatest(sum, -9223372036854775807), 9223372036854775807)::bigint $function$;

CREATE OR REPLACE FUNCTION quotel.audit_link(prev_hash bytea, seq bigint, event_id uuid, recorded_at timestamp with time zone, payload_hash bytea)
 RETURNS bytea
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select pg_catalog.sha256(prev_hash || int8send(seq) || uuid_send(event_id)
    || int8send((extract(epoch from recorded_at) * 1000000)::bigint) || payload_hash)
$function$;

CREATE OR REPLACE FUNCTION quotel.audit_payload_without_person(payload json)
 RETURNS json
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select json_object_agg(key, value) from json_each(payload)
  where key in ('eventType', 'occurredAtMicros', 'entityType', 'action', 'actorType', 'result', 'producer')
$function$;

CREATE OR REPLACE FUNCTION quotel.built_in_event_types()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$ select '{api_call,chat,embedding,search,kb_ingest}'::text[] $function$;

CREATE OR REPLACE FUNCTION quotel.built_in_resources()
 RETURNS text[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select array['tokens', 'api_calls', 'chat_messages', 'embeddings', 'embedding_tokens', 'searches', 'kb_ingests',
    'agent_minutes', 'storage_bytes', 'members', 'channels', 'cost']
$function$;

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
    -- COPY is refused on a table with row-level security, so the writer fills a partition by its own name.
    execute format('grant insert on quotel.%I to quotel_writer', partition_name);
    made := made + 1;
  end loop;
  return made;
end $function$;

CREATE OR REPLACE FUNCTION quotel.erase_audit_events(tenant text, events uuid[])
 RETURNS bigint
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
declare
  erased bigint;
begin
  update quotel.quarantine q
  set resolved_at = now(), resolution = 'discarded', discard_reason = 'the event it contradicts was erased', payload = null
  from quotel.audit_events e
  where e.tenant_id = tenant and e.event_id = any (events) and e.erased_at is null
    and q.tenant_id = tenant and q.signal = 'audit' and q.resolved_at is null
    and q.payload ->> 'auditId' = e.payload ->> 'auditId';
  perform set_config('quotel.audit_change', 'erase', true);
  update quotel.audit_events
  set payload = quotel.audit_payload_without_person(payload), fingerprint = null, erased_at = clock_timestamp()
  where tenant_id = tenant and event_id = any (events) and erased_at is null;
  get diagnostics erased = row_count;
  perform set_config('quotel.audit_change', '', true);
  delete from quotel.audit_resolutions where tenant_id = tenant and event_id = any (events);
  return erased;
end $function$;

CREATE OR REPLACE FUNCTION quotel.event_rollups(batches bigint[], included boolean, first_batch bigint, last_batch bigint, first_day date, last_day date, accounted_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone, accounted_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone, days_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone, days_to timestamp with time zone DEFAULT 'infinity'::timestamp with time zone)
 RETURNS SETOF quotel.folded_rollups
 LANGUAGE sql
 STABLE PARALLEL SAFE
BEGIN ATOMIC
 WITH measured AS (
          SELECT e.tenant_id,
             date_bin('01:00:00'::interval, e.accounted_at, '1970-01-01 00:00:00+00'::timestamp with time zone) AS hour_start,
             e.day_start,
             e.month_start,
             e.event_type,
             COALESCE(e.resource, ''::text) AS resource,
             e.provider,
             e.model,
             e.user_id,
             count(*) AS events,
             count(*) FILTER (WHERE (e.status = 'failed'::quotel.usage_status)) AS events_failed,
             count(*) FILTER (WHERE (e.status = 'rate_limited'::quotel.usage_status)) AS events_rate_limited,
             quotel.sum_bigint(e.amount) AS amount,
             quotel.sum_bigint(e.input_tokens) AS input_tokens,
             quotel.sum_bigint(e.output_tokens) AS output_tokens,
             quotel.sum_bigint(e.cache_read_tokens) AS cache_read_tokens,
             quotel.sum_bigint(e.cache_write_tokens) AS cache_write_tokens,
             quotel.sum_bigint(e.reasoning_tokens) AS reasoning_tokens,
             quotel.sum_bigint((COALESCE(e.input_tokens, (0)::bigint) + COALESCE(e.output_tokens, (0)::bigint))) FILTER (WHERE (e.usage_source = 'partial'::quotel.usage_source)) AS partial_tokens,
             quotel.sum_bigint((COALESCE(e.input_tokens, (0)::bigint) + COALESCE(e.output_tokens, (0)::bigint))) FILTER (WHERE (e.usage_source = 'estimated'::quotel.usage_source)) AS estimated_tokens,
             count(*) FILTER (WHERE (e.usage_source = 'none'::quotel.usage_source)) AS events_without_usage,
             quotel.sum_bigint(e.cost_nano_usd) AS cost_nano_usd,
             count(*) FILTER (WHERE ((e.cost_nano_usd IS NULL) AND ((COALESCE(e.input_tokens, (0)::bigint) + COALESCE(e.output_tokens, (0)::bigint)) > 0))) AS unpriced_events,
             quotel.sum_bigint(e.duration_us) AS duration_us_sum,
             max(e.duration_us) AS duration_us_max,
             quotel.latency_histogram(array_agg((width_bucket(e.duration_us, quotel.latency_bounds()) + 1))) AS latency
            FROM quotel.usage_events e
           WHERE (((e.event_day >= event_rollups.first_day) AND (e.event_day <= event_rollups.last_day)) AND ((e.batch >= event_rollups.first_batch) AND (e.batch <= event_rollups.last_batch)) AND ((e.batch = ANY (event_rollups.batches)) = event_rollups.included) AND (e.accounted_at >= event_rollups.accounted_from) AND (e.accounted_at < event_rollups.accounted_to) AND (e.day_start >= event_rollups.days_from) AND (e.day_start < event_rollups.days_to) AND (e.moved_to IS NULL))
           GROUP BY e.tenant_id, (date_bin('01:00:00'::interval, e.accounted_at, '1970-01-01 00:00:00+00'::timestamp with time zone)), e.day_start, e.month_start, e.event_type, COALESCE(e.resource, ''::text), e.provider, e.model, e.user_id
         )
  SELECT m.tenant_id,
         CASE
             WHEN (GROUPING(m.hour_start) = 0) THEN 'hour'::text
             ELSE 'day'::text
         END AS "case",
         CASE
             WHEN (GROUPING(m.hour_start) = 0) THEN m.hour_start
             ELSE m.day_start
         END AS day_start,
     n.event_type,
     m.resource,
     n.provider,
     n.model,
     ''::text,
     min(m.month_start) AS min,
     quotel.sum_bigint(m.events) AS sum_bigint,
     quotel.sum_bigint(m.events_failed) AS sum_bigint,
     quotel.sum_bigint(m.events_rate_limited) AS sum_bigint,
     quotel.sum_bigint(m.amount) AS sum_bigint,
     quotel.sum_bigint(m.input_tokens) AS sum_bigint,
     quotel.sum_bigint(m.output_tokens) AS sum_bigint,
     quotel.sum_bigint(m.cache_read_tokens) AS sum_bigint,
     quotel.sum_bigint(m.cache_write_tokens) AS sum_bigint,
     quotel.sum_bigint(m.reasoning_tokens) AS sum_bigint,
     quotel.sum_bigint(m.partial_tokens) AS sum_bigint,
     quotel.sum_bigint(m.estimated_tokens) AS sum_bigint,
     quotel.sum_bigint(m.events_without_usage) AS sum_bigint,
     quotel.sum_bigint(m.cost_nano_usd) AS sum_bigint,
     quotel.sum_bigint(m.unpriced_events) AS sum_bigint,
     quotel.sum_bigint(m.duration_us_sum) AS sum_bigint,
     max(m.duration_us_max) AS max,
     quotel.sum_latency(m.latency) AS sum_latency
    FROM (measured m
      CROSS JOIN LATERAL quotel.rolled_up_names(m.tenant_id, m.event_type, m.provider, m.model, m.user_id) n(event_type, provider, model, user_id))
   GROUP BY GROUPING SETS ((m.tenant_id, m.hour_start, n.event_type, m.resource, n.provider, n.model), (m.tenant_id, m.day_start, n.event_type, m.resource, n.provider, n.model))
 UNION ALL
  SELECT m.tenant_id,
     'user_day'::text,
     m.day_start,
     n.event_type,
     m.resource,
     n.provider,
     n.model,
     n.user_id,
     min(m.month_start) AS min,
     quotel.sum_bigint(m.events) AS sum_bigint,
     quotel.sum_bigint(m.events_failed) AS sum_bigint,
     quotel.sum_bigint(m.events_rate_limited) AS sum_bigint,
     quotel.sum_bigint(m.amount) AS sum_bigint,
     quotel.sum_bigint(m.input_tokens) AS sum_bigint,
     quotel.sum_bigint(m.output_tokens) AS sum_bigint,
     quotel.sum_bigint(m.cache_read_tokens) AS sum_bigint,
     quotel.sum_bigint(m.cache_write_tokens) AS sum_bigint,
     quotel.sum_bigint(m.reasoning_tokens) AS sum_bigint,
     quotel.sum_bigint(m.partial_tokens) AS sum_bigint,
     quotel.sum_bigint(m.estimated_tokens) AS sum_bigint,
     quotel.sum_bigint(m.events_without_usage) AS sum_bigint,
     quotel.sum_bigint(m.cost_nano_usd) AS sum_bigint,
     quotel.sum_bigint(m.unpriced_events) AS sum_bigint,
     quotel.sum_bigint(m.duration_us_sum) AS sum_bigint,
     max(m.duration_us_max) AS max,
     quotel.sum_latency(m.latency) AS sum_latency
    FROM (measured m
      CROSS JOIN LATERAL quotel.rolled_up_names(m.tenant_id, m.event_type, m.provider, m.model, m.user_id) n(event_type, provider, model, user_id))
   WHERE (m.user_id <> ''::text)
   GROUP BY m.tenant_id, m.day_start, n.event_type, m.resource, n.provider, n.model, n.user_id;
END;

CREATE OR REPLACE FUNCTION quotel.forget_old_points(rows_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION quotel.forget_old_rows(rows_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO ''
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION quotel.guard_audit_events()
 RETURNS trigger
 LANGUAGE plpgsql
 SET search_path TO ''
AS $function$
declare
  change text := current_setting('quotel.audit_change', true);
begin
  if tg_op = 'DELETE' and change = 'cleanup' then
    if old.recorded_at < now() - interval '2 years' then return old; end if;
  elsif tg_op = 'UPDATE' and change = 'erase' then
    if new.erased_at is not null and new.fingerprint is null
      and new.payload::text = quotel.audit_payload_without_person(old.payload)::text
      and (new.tenant_id, new.seq, new.event_id, new.recorded_at, new.payload_hash, new.prev_hash, new.hash)
        is not distinct from
        (old.tenant_id, old.seq, old.event_id, old.recorded_at, old.payload_hash, old.prev_hash, old.hash) then
      return new;
    end if;
  end if;
  raise exception 'audit events are append-only' using errcode = 'insufficient_privilege';
end $function$;

CREATE OR REPLACE FUNCTION quotel.latency_bounds()
 RETURNS bigint[]
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
AS $function$
  select array_agg(floor(100 * power(1.1::numeric, i))::bigint + 1 order by i) from generate_series(0, 198) i
$function$;

CREATE OR REPLACE FUNCTION quotel.latency_histogram(buckets integer[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
declare
  histogram integer[];
  bucket integer;
begin
  foreach bucket in array buckets loop
    histogram[bucket] := coalesce(histogram[bucket], 0) + 1;
  end loop;
  return histogram;
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

CREATE OR REPLACE FUNCTION quotel.rate_window_empty_at(period text, head bigint, counts bigint[])
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select timestamptz 'epoch' + make_interval(secs => (ceil((head - (position - 1) + 61)
    * case period when 'second' then 1000 when 'minute' then 60000 else 3600000 end / 60.0) / 1000.0)::double precision)
  from unnest(counts) with ordinality as c (count, position) where count > 0 order by position limit 1
$function$;

CREATE OR REPLACE FUNCTION quotel.rate_window_used(period text, head bigint, counts bigint[])
 RETURNS bigint
 LANGUAGE sql
 STABLE PARALLEL SAFE
AS $function$
  select least(coalesce(sum(count), 0), 9223372036854775807)::bigint
  -- So many, from the newest on, have not slid out.
  from unnest(counts[1:least(greatest(head + 61 - floor(extract(epoch from now()) * 60
    / case period when 'second' then 1 when 'minute' then 60 else 3600 end), 0), 61)::integer]) as count
$function$;

CREATE OR REPLACE FUNCTION quotel.rolled_up_names(of_tenant text, of_event_type text, of_provider text, of_model text, of_user text)
 RETURNS TABLE(event_type text, provider text, model text, user_id text)
 LANGUAGE sql
 STABLE PARALLEL SAFE ROWS 1
BEGIN ATOMIC
 SELECT
         CASE
             WHEN (c.event_types AND (rolled_up_names.of_event_type <> ALL (quotel.built_in_event_types())) AND (NOT (EXISTS ( SELECT
                FROM quotel.rollup_labels l
               WHERE ((l.tenant_id = rolled_up_names.of_tenant) AND (l.kind = 'event_type'::text) AND (l.label = rolled_up_names.of_event_type)))))) THEN '__other__'::text
             ELSE rolled_up_names.of_event_type
         END AS of_event_type,
         CASE
             WHEN (rolled_up_names.of_provider <> ''::text) THEN
             CASE
                 WHEN m.is_beyond THEN '__other__'::text
                 ELSE rolled_up_names.of_provider
             END
             ELSE ''::text
         END AS "case",
         CASE
             WHEN (rolled_up_names.of_model <> ''::text) THEN
             CASE
                 WHEN m.is_beyond THEN '__other__'::text
                 ELSE rolled_up_names.of_model
             END
             ELSE ''::text
         END AS "case",
         CASE
             WHEN (rolled_up_names.of_user <> ''::text) THEN
             CASE
                 WHEN (c.users AND (NOT (EXISTS ( SELECT
                    FROM quotel.rollup_labels l
                   WHERE ((l.tenant_id = rolled_up_names.of_tenant) AND (l.kind = 'user'::text) AND (l.label = rolled_up_names.of_user)))))) THEN '__other__'::text
                 ELSE rolled_up_names.of_user
             END
             ELSE ''::text
         END AS "case"
    FROM ((( VALUES (rolled_up_names.of_tenant)) one(tenant_id)
      LEFT JOIN quotel.rollup_caps c ON ((c.tenant_id = one.tenant_id)))
      CROSS JOIN LATERAL ( SELECT
                 CASE
                     WHEN c.models THEN (NOT (EXISTS ( SELECT
                        FROM quotel.rollup_labels l
                       WHERE ((l.tenant_id = rolled_up_names.of_tenant) AND (l.kind = 'model'::text) AND (l.label = concat_ws('/'::text, NULLIF(rolled_up_names.of_provider, ''::text), NULLIF(rolled_up_names.of_model, ''::text)))))))
                     ELSE NULL::boolean
                 END AS is_beyond) m);
END;

CREATE OR REPLACE FUNCTION quotel.sequence_count(sequences int8multirange)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
  select coalesce(sum(upper(run) - lower(run)), 0)::bigint from unnest(sequences) run
$function$;

create aggregate quotel.sum_arrays(integer[]) (sfunc = quotel.add_arrays, stype = bigint[], initcond = '{}');

create aggregate quotel.sum_bigint(bigint) (sfunc = int8pl, stype = bigint, initcond = '0');

create aggregate quotel.sum_latency(integer[]) (sfunc = quotel.merge_latency, stype = integer[]);

CREATE OR REPLACE FUNCTION quotel.take_latency(a integer[], b integer[])
 RETURNS integer[]
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE STRICT
AS $function$
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
end $function$;

CREATE OR REPLACE FUNCTION quotel.verify_audit_chain(tenant text)
 RETURNS TABLE(seq bigint, problem text)
 LANGUAGE sql
 STABLE
 SET search_path TO ''
AS $function$
  with chain as (
    select * from quotel.audit_chains c where c.tenant_id = verify_audit_chain.tenant
  ), links as (
    select e.*,
      coalesce(lag(e.seq) over chained, c.base_seq) as before,
      coalesce(lag(e.hash) over chained, c.base_hash) as hash_before
    from quotel.audit_events e left join chain c on true
    where e.tenant_id = verify_audit_chain.tenant
    window chained as (order by e.seq)
  ), problems as (
    select l.seq, case
      when l.seq is distinct from l.before + 1 then 'a row before this one is missing'
      when l.prev_hash is distinct from l.hash_before then 'does not follow the row before it'
      when l.hash is distinct from quotel.audit_link(l.prev_hash, l.seq, l.event_id, l.recorded_at, l.payload_hash)
        then 'the link was changed'
      when l.erased_at is null and l.payload_hash is distinct from sha256(convert_to(l.payload::text, 'UTF8'))
        then 'the payload was changed'
    end as problem
    from links l
    union all
    select c.last_seq, 'the last row is missing or changed'
    from chain c left join links l on l.seq = (select max(links.seq) from links)
    where (c.last_seq, c.last_hash) is distinct from (coalesce(l.seq, c.base_seq), coalesce(l.hash, c.base_hash))
  )
  select p.seq, p.problem from problems p where p.problem is not null order by p.seq limit 1
$function$;

-- Triggers

CREATE TRIGGER append_only BEFORE DELETE OR UPDATE ON quotel.audit_events FOR EACH ROW EXECUTE FUNCTION quotel.guard_audit_events();
CREATE TRIGGER not_truncated BEFORE TRUNCATE ON quotel.audit_events FOR EACH STATEMENT EXECUTE FUNCTION quotel.guard_audit_events();

-- Views

create view public.audit_events with (security_invoker=true) as
 SELECT e.tenant_id,
    e.event_id AS id,
    e.seq,
    e.event_type,
    e.occurred_at,
    e.recorded_at,
    e.payload ->> 'entityType'::text AS entity_type,
    e.payload ->> 'entityId'::text AS entity_id,
    e.payload ->> 'action'::text AS action,
    e.payload ->> 'actorType'::text AS actor_type,
    e.payload ->> 'actorId'::text AS actor_id,
    e.payload -> 'old'::text AS old_values,
    e.payload -> 'new'::text AS new_values,
    e.payload ->> 'summary'::text AS summary,
    e.result,
    e.payload ->> 'error'::text AS error,
    e.payload ->> 'clientAddress'::text AS client_address,
    e.payload ->> 'userAgent'::text AS user_agent,
    e.payload ->> 'requestId'::text AS request_id,
    e.payload -> 'metadata'::text AS metadata,
    e.payload -> 'omitted'::text AS omitted,
    e.payload ->> 'auditId'::text AS audit_id,
    e.payload ->> 'producer'::text AS producer,
    e.erased_at,
    r.resolved_at,
    r.note AS resolution_note
   FROM quotel.audit_events e
     LEFT JOIN LATERAL ( SELECT r_1.resolved_at,
            r_1.note
           FROM quotel.audit_resolutions r_1
          WHERE r_1.tenant_id = e.tenant_id AND r_1.event_id = e.event_id
          ORDER BY r_1.resolved_at DESC
         LIMIT 1) r ON true;

create view public.invariant_violations as
 SELECT kind,
    NULLIF(tenant_id, ''::text) AS tenant_id,
    key,
    expected,
    found,
    first_seen_at,
    seen_at,
    clock_timestamp() - first_seen_at AS age
   FROM quotel.invariant_findings
  WHERE cleared_at IS NULL;

create view public.metered_tenants with (security_invoker=true) as
 SELECT tenants.tenant_id
   FROM quotel.tenants
UNION
 SELECT day_totals.tenant_id
   FROM quotel.day_totals;

create view public.pipeline_health as
 WITH running AS (
         SELECT collector_instances.instance_id,
            collector_instances.host,
            collector_instances.started_at,
            collector_instances.seen_at,
            collector_instances.counters
           FROM quotel.collector_instances
          WHERE collector_instances.seen_at > (now() - '00:01:00'::interval)
        ), counted AS (
         SELECT split_part(c.key, '.'::text, 1) AS name,
            NULLIF(substr(c.key, length(split_part(c.key, '.'::text, 1)) + 2), ''::text) AS label,
            sum(c.value::bigint) AS value,
            max(r.seen_at) AS as_of
           FROM running r
             CROSS JOIN LATERAL jsonb_each_text(r.counters) c(key, value)
          GROUP BY (split_part(c.key, '.'::text, 1)), (NULLIF(substr(c.key, length(split_part(c.key, '.'::text, 1)) + 2), ''::text))
        ), last_hour AS (
         SELECT COALESCE(sum(intake.events), 0::numeric) AS events,
            COALESCE(sum(intake.unattributed), 0::numeric) AS unattributed,
            COALESCE(sum(intake.model_events), 0::numeric) AS model_events,
            COALESCE(sum(intake.unpriced), 0::numeric) AS unpriced,
            COALESCE(sum(intake.estimated), 0::numeric) AS estimated,
            COALESCE(sum(intake.lag_ms_sum), 0::numeric) AS lag_ms_sum,
            max(intake.newest_ended_at) AS newest_ended_at
           FROM quotel.intake
          WHERE intake.minute > (now() - '01:00:00'::interval)
        ), backlog AS (
         SELECT COALESCE(sum(unfolded_batches.events), 0::bigint) AS events,
            min(unfolded_batches.opened_at) AS oldest
           FROM quotel.unfolded_batches
        ), heard AS (
         SELECT count(*) AS boots,
            min(COALESCE(producer_completeness.complete_to, producer_completeness.first_heard_at)) AS complete_to,
            COALESCE(sum(producer_completeness.lost), 0::numeric) AS lost
           FROM public.producer_completeness
          WHERE producer_completeness.last_heard_at > (now() - '00:05:00'::interval)
        ), known(name, label, value) AS (
         SELECT 'collectors_running'::text AS "?column?",
            NULL::text AS "?column?",
            (( SELECT count(*) AS count
                   FROM running))::numeric AS count
        UNION ALL
         SELECT v.name,
            NULL::text,
            v.value
           FROM last_hour h,
            LATERAL ( VALUES ('events_last_hour'::text,h.events), ('unattributed_last_hour'::text,h.unattributed), ('model_events_last_hour'::text,h.model_events), ('unpriced_last_hour'::text,h.unpriced), ('estimated_last_hour'::text,h.estimated), ('unattributed_share'::text,h.unattributed / NULLIF(h.events, 0::numeric)), ('unpriced_share'::text,h.unpriced / NULLIF(h.model_events, 0::numeric)), ('estimated_share'::text,h.estimated / NULLIF(h.model_events, 0::numeric)), ('mean_lag_seconds'::text,h.lag_ms_sum / 1000::numeric / NULLIF(h.events, 0::numeric)), ('newest_event_age_seconds'::text,EXTRACT(epoch FROM now() - h.newest_ended_at))) v(name, value)
        UNION ALL
         SELECT v.name,
            NULL::text,
            v.value
           FROM backlog b,
            LATERAL ( VALUES ('unfolded_events'::text,b.events), ('oldest_unfolded_age_seconds'::text,EXTRACT(epoch FROM now() - b.oldest))) v(name, value)
        UNION ALL
         SELECT v.name,
            NULL::text,
            v.value
           FROM heard h,
            LATERAL ( VALUES ('boots_heard'::text,h.boots::numeric), ('records_lost'::text,h.lost), ('completeness_lag_seconds'::text,EXTRACT(epoch FROM now() - h.complete_to))) v(name, value)
        UNION ALL
         SELECT 'reported'::text,
            c.key,
            sum(c.value::bigint) AS sum
           FROM quotel.producer_boots b
             CROSS JOIN LATERAL jsonb_each_text(b.counters) c(key, value)
          WHERE b.last_heard_at > (now() - '00:05:00'::interval)
          GROUP BY c.key
        UNION ALL
         SELECT 'reported_last_hour'::text,
            producer_reports.counter,
            sum(producer_reports.amount) AS sum
           FROM quotel.producer_reports
          WHERE producer_reports.minute > (now() - '01:00:00'::interval)
          GROUP BY producer_reports.counter
        UNION ALL
         SELECT v.name,
            c.label,
            v.total / NULLIF(c.commits, 0::numeric)
           FROM ( SELECT counted.label,
                    sum(counted.value) FILTER (WHERE counted.name = 'commits'::text) AS commits,
                    sum(counted.value) FILTER (WHERE counted.name = 'committed_items'::text) AS items,
                    sum(counted.value) FILTER (WHERE counted.name = 'commit_ms'::text) AS ms
                   FROM counted
                  WHERE counted.name = ANY (ARRAY['commits'::text, 'committed_items'::text, 'commit_ms'::text])
                  GROUP BY counted.label) c,
            LATERAL ( VALUES ('mean_batch_items'::text,c.items), ('mean_commit_seconds'::text,c.ms / 1000::numeric)) v(name, total)
        UNION ALL
         SELECT v.name,
            NULL::text,
            v.days
           FROM ( SELECT min(to_date("right"(c.relname::text, 8), 'YYYYMMDD'::text)) AS oldest,
                    max(to_date("right"(c.relname::text, 8), 'YYYYMMDD'::text)) AS newest
                   FROM pg_inherits i
                     JOIN pg_class c ON c.oid = i.inhrelid
                  WHERE i.inhparent = 'quotel.usage_events'::regclass::oid) d,
            LATERAL ( VALUES ('ledger_oldest_day_age'::text,(now() AT TIME ZONE 'UTC'::text)::date - d.oldest), ('ledger_days_ahead'::text,d.newest - (now() AT TIME ZONE 'UTC'::text)::date)) v(name, days)
        UNION ALL
         SELECT 'quarantined'::text,
            quarantine.reason,
            count(*) AS count
           FROM quotel.quarantine
          WHERE quarantine.resolved_at IS NULL
          GROUP BY quarantine.reason
        UNION ALL
         SELECT 'quarantined_last_hour'::text,
            quarantine.reason,
            count(*) AS count
           FROM quotel.quarantine
          WHERE quarantine.received_at > (now() - '01:00:00'::interval) AND quarantine.resolved_at IS NULL
          GROUP BY quarantine.reason
        UNION ALL
         SELECT 'invariant_violations'::text,
            invariant_violations.kind,
            count(*) AS count
           FROM public.invariant_violations
          GROUP BY invariant_violations.kind
        UNION ALL
         SELECT 'verified_age_seconds'::text,
            NULL::text,
            EXTRACT(epoch FROM now() - verification.passed_at) AS "extract"
           FROM quotel.verification
          WHERE isfinite(verification.passed_at)
        UNION ALL
         SELECT 'unverified_age_seconds'::text,
            NULL::text,
            EXTRACT(epoch FROM clock_timestamp() - min(accounted_days.changed_at)) AS "extract"
           FROM quotel.accounted_days
          WHERE accounted_days.changed_at IS NOT NULL AND accounted_days.day_start >= (( SELECT ledger_seal.unsealed_from
                   FROM quotel.ledger_seal))
        )
 SELECT counted.name,
    counted.label,
    counted.value::double precision AS value,
    counted.as_of
   FROM counted
UNION ALL
 SELECT known.name,
    known.label,
    known.value::double precision AS value,
    now() AS as_of
   FROM known
  WHERE known.value IS NOT NULL;

create view public.pipeline_intake as
 SELECT minute,
    sum(events)::bigint AS events,
    sum(unattributed)::bigint AS unattributed,
    sum(model_events)::bigint AS model_events,
    sum(unpriced)::bigint AS unpriced,
    sum(estimated)::bigint AS estimated,
    (sum(lag_ms_sum) / 1000::numeric / sum(events))::double precision AS mean_lag_seconds,
    max(newest_ended_at) AS newest_ended_at
   FROM quotel.intake
  GROUP BY minute;

create view public.producer_completeness as
 SELECT b.producer,
    b.boot_id,
    b.service,
    lower(b.sequences) AS first_seq,
    n.last_seq,
    n.last_seq - n.missing AS received,
    GREATEST(n.missing, n.dropped) AS lost,
        CASE
            WHEN n.dropped > n.missing AND b.lossless_at IS NULL THEN NULL::timestamp with time zone
            WHEN n.dropped > n.missing AND b.lossless_at < b.complete_to THEN b.lossless_at
            ELSE b.complete_to
        END AS complete_to,
    b.newest_ended_at,
    b.first_heard_at,
    b.last_heard_at,
    b.told_at,
    (b.counters ->> 'recorded'::text)::bigint AS recorded,
    (b.counters ->> 'acknowledged'::text)::bigint AS acknowledged,
    (b.counters ->> 'replayed'::text)::bigint AS replayed,
    (b.counters ->> 'waiting'::text)::bigint AS waiting,
    n.dropped,
    (b.counters ->> 'damaged'::text)::bigint AS damaged,
    (b.counters ->> 'retries'::text)::bigint AS retries,
    (b.counters ->> 'quarantined'::text)::bigint AS quarantined,
    (b.counters ->> 'rejected'::text)::bigint AS rejected,
    (b.counters ->> 'fail_open'::text)::bigint AS fail_open,
    (b.counters ->> 'fail_closed'::text)::bigint AS fail_closed,
    (b.counters ->> 'tenants_refused'::text)::bigint AS tenants_refused
   FROM quotel.producer_boots b
     CROSS JOIN LATERAL ( SELECT upper(b.sequences) - 1 AS last_seq,
            upper(b.sequences) - 1 - quotel.sequence_count(b.sequences) + b.written_off AS missing,
            (b.counters ->> 'dropped'::text)::bigint AS dropped
         OFFSET 0) n;

create view public.producer_reports as
 SELECT minute,
    counter,
    amount
   FROM quotel.producer_reports;

create view public.quota_denials with (security_invoker=true) as
 SELECT tenant_id,
    resource,
    minute,
    reason,
    denials
   FROM quotel.quota_denials;

create view public.quota_status with (security_invoker=true) as
 SELECT t.tenant_id,
    t.plan_id AS plan,
    t.plan_source,
    t.licence_status,
    t.licence_expires_at,
    l.resource,
    l.period,
    l.amount AS limit_amount,
    l.enforcement,
        CASE
            WHEN l.source = 'plan'::text AND t.plan_source = 'default'::text THEN 'default'::text
            ELSE l.source
        END AS source,
    l.override_id,
    s.used,
    s.reserved,
        CASE
            WHEN l.amount IS NOT NULL THEN quotel.as_bigint(GREATEST(l.amount::numeric + s.burst::numeric - s.used::numeric - s.reserved::numeric, 0::numeric))
            ELSE NULL::bigint
        END AS remaining,
        CASE
            WHEN l.amount = 0 THEN 100::numeric
            ELSE round(100.0 * s.used::numeric / l.amount::numeric, 1)
        END::double precision AS percent_used,
        CASE
            WHEN l.period = ANY (ARRAY['day'::text, 'month'::text]) THEN p.period_end
            WHEN s.used > 0 THEN quotel.rate_window_empty_at(w.period, w.head, w.counts)
            ELSE NULL::timestamp with time zone
        END AS resets_at,
        CASE
            WHEN l.amount IS NULL THEN 'ok'::text
            WHEN s.used::numeric >= (floor(l.amount::numeric * (1::numeric + s.grace_fraction)) + s.burst::numeric) AND NOT s.in_grace_time THEN 'exceeded'::text
            WHEN s.used > l.amount AND s.burst = 0 THEN 'grace'::text
            WHEN s.used::numeric >= (l.amount::numeric * l.warn_at) THEN 'warning'::text
            ELSE 'ok'::text
        END AS state,
        CASE
            WHEN NOT s.in_grace_time THEN floor(l.amount::numeric * (1::numeric + s.grace_fraction))::bigint + s.burst
            ELSE NULL::bigint
        END AS admitted,
    l.grace_seconds
   FROM quotel.tenants t
     JOIN quotel.effective_limits l ON l.tenant_id = t.tenant_id
     LEFT JOIN unnest(quotel.built_in_resources()) WITH ORDINALITY b(resource, "position") ON b.resource = l.resource
     LEFT JOIN LATERAL ( SELECT
                CASE l.period
                    WHEN 'day'::text THEN d.day_start
                    WHEN 'month'::text THEN d.month_start
                    ELSE '1970-01-01 00:00:00+00'::timestamp with time zone
                END AS period_start,
                CASE l.period
                    WHEN 'day'::text THEN d.day_end
                    WHEN 'month'::text THEN d.month_end
                    ELSE 'infinity'::timestamp with time zone
                END AS period_end
           FROM quotel.day_totals d
          WHERE d.tenant_id = t.tenant_id AND d.resource =
                CASE
                    WHEN b."position" IS NULL THEN l.resource
                    ELSE ''::text
                END AND d.day_start <= now() AND (l.period = ANY (ARRAY['day'::text, 'month'::text, 'lifetime'::text, 'level'::text]))
          ORDER BY d.day_start DESC
         LIMIT 1) p ON p.period_end > now()
     LEFT JOIN LATERAL ( SELECT quotel.as_bigint(COALESCE(sum(d.used[COALESCE(b."position"::integer, 1)]), 0::numeric)) AS used,
            quotel.as_bigint(COALESCE(sum(d.reserved[COALESCE(b."position"::integer, 1)]), 0::numeric)) AS reserved
           FROM quotel.day_totals d
          WHERE d.tenant_id = t.tenant_id AND d.resource =
                CASE
                    WHEN b."position" IS NULL THEN l.resource
                    ELSE ''::text
                END AND d.day_start >= p.period_start AND d.day_start < p.period_end) q ON true
     LEFT JOIN quotel.rate_windows w ON w.tenant_id = t.tenant_id AND w.resource = l.resource AND w.period = l.period
     LEFT JOIN quotel.quota_crossings c ON c.tenant_id = t.tenant_id AND c.resource = l.resource AND c.period = l.period AND c.period_start = COALESCE(p.period_start, '1970-01-01 00:00:00+00'::timestamp with time zone)
     LEFT JOIN LATERAL ( SELECT GREATEST(d.value, 0::bigint) AS value,
            d.as_of
           FROM public.usage_levels_daily d
          WHERE l.period = 'level'::text AND d.tenant_id = t.tenant_id AND d.resource = l.resource
          ORDER BY d.day_start DESC
         LIMIT 1) v ON true
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN l.period = 'level'::text THEN COALESCE(v.value, 0::bigint)
                    WHEN w.period IS NOT NULL THEN quotel.rate_window_used(w.period, w.head, w.counts)
                    ELSE COALESCE(q.used, 0::bigint)
                END AS used,
            COALESCE(q.reserved, 0::bigint) -
                CASE
                    WHEN l.period = 'level'::text THEN COALESCE(( SELECT sum(h.held) AS sum
                       FROM quotel.reservations r,
                        LATERAL UNNEST(r.resources, r.held) h(resource, held)
                      WHERE r.tenant_id = t.tenant_id AND h.resource = l.resource AND r.state = 'closed'::text AND r.closed_at < v.as_of), 0::numeric)
                    ELSE 0::numeric
                END::bigint AS reserved,
            l.period = ANY (ARRAY['second'::text, 'minute'::text, 'hour'::text]) AS is_rate
         OFFSET 0) u
     CROSS JOIN LATERAL ( SELECT u.used,
            u.reserved,
                CASE
                    WHEN u.is_rate THEN l.burst
                    ELSE 0::bigint
                END AS burst,
                CASE
                    WHEN u.is_rate THEN 0::numeric
                    ELSE l.grace_fraction
                END AS grace_fraction,
            NOT u.is_rate AND l.grace_seconds > 0 AND (c.crossed_at IS NULL OR (c.crossed_at + make_interval(secs => l.grace_seconds::double precision)) > now()) AS in_grace_time) s;

create view public.reservations with (security_invoker=true) as
 SELECT r.tenant_id,
    r.reservation_id,
    r.state,
    i.resource,
    i.estimate,
    i.true_amount,
    i.settled,
    i.held,
    i.late_after_expiry,
    r.admitted_at,
    r.expires_at,
    r.closed_at
   FROM quotel.reservations r
     CROSS JOIN LATERAL UNNEST(r.resources, r.estimates, r.true_amounts, r.settled, r.held, r.late_after_expiry) i(resource, estimate, true_amount, settled, held, late_after_expiry);

create view public.security_events as
 SELECT producer,
    claimed_tenant,
    hour,
    signal,
    claims,
    first_seen,
    last_seen,
    replace(trace_id::text, '-'::text, ''::text) AS trace_id,
    lpad(to_hex(span_id), 16, '0'::text) AS span_id
   FROM quotel.security_events;

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

create view public.usage_by_user with (security_invoker=true) as
 SELECT tenant_id,
    bucket_start AS day_start,
    user_id,
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
    sum(unpriced_events)::bigint AS unpriced_events
   FROM quotel.usage_rollups
  WHERE granularity = 'user_day'::text
  GROUP BY tenant_id, bucket_start, user_id, event_type, provider, model;

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
    service_tier,
    route,
    user_id,
    reservation_id,
    duration_us::numeric / 1000.0 AS duration_ms,
    replace(trace_id::text, '-'::text, ''::text) AS trace_id,
    lpad(to_hex(span_id), 16, '0'::text) AS span_id,
    detail
   FROM quotel.usage_events
  WHERE moved_to IS NULL;

create view public.usage_levels with (security_invoker=true) as
 SELECT tenant_id,
    resource,
    (array_agg(value ORDER BY day_start DESC))[1] AS value,
    max(as_of) AS as_of,
    month_start AS period_start,
    max(high_water) AS high_water
   FROM quotel.level_days
  GROUP BY tenant_id, resource, month_start;

create view public.usage_levels_daily with (security_invoker=true) as
 SELECT tenant_id,
    resource,
    value,
    as_of,
    day_start,
    high_water
   FROM quotel.level_days;

create view quotel.effective_limits with (security_invoker=true) as
 SELECT overrides_in_force.tenant_id,
    overrides_in_force.resource,
    overrides_in_force.period,
    overrides_in_force.amount,
    overrides_in_force.enforcement,
    overrides_in_force.warn_at,
    overrides_in_force.grace_fraction,
    overrides_in_force.grace_seconds,
    overrides_in_force.burst,
    overrides_in_force.on_unavailable,
    overrides_in_force.on_unpriced,
    'override'::text AS source,
    overrides_in_force.override_id
   FROM quotel.overrides_in_force
UNION ALL
 SELECT t.tenant_id,
    l.resource,
    l.period,
    l.amount,
    l.enforcement,
    l.warn_at,
    l.grace_fraction,
    l.grace_seconds,
    l.burst,
    l.on_unavailable,
    l.on_unpriced,
    'plan'::text AS source,
    NULL::uuid AS override_id
   FROM quotel.tenants t
     JOIN ( SELECT plans.plan_id,
            max(plans.version) AS version
           FROM quotel.plans
          GROUP BY plans.plan_id) p ON p.plan_id = t.plan_id
     JOIN quotel.plan_limits l ON l.plan_id = p.plan_id AND l.version = p.version
  WHERE NOT (EXISTS ( SELECT
           FROM quotel.overrides_in_force o
          WHERE o.tenant_id = t.tenant_id AND o.resource = l.resource AND o.period = l.period));

create view quotel.intake as
 SELECT folded_intake.minute,
    folded_intake.events,
    folded_intake.unattributed,
    folded_intake.model_events,
    folded_intake.unpriced,
    folded_intake.estimated,
    folded_intake.lag_ms_sum,
    folded_intake.newest_ended_at
   FROM quotel.folded_intake
UNION ALL
 SELECT date_bin('00:01:00'::interval, unfolded_intake.received_at, '1970-01-01 00:00:00+00'::timestamp with time zone) AS minute,
    unfolded_intake.events,
    unfolded_intake.unattributed,
    unfolded_intake.model_events,
    unfolded_intake.unpriced,
    unfolded_intake.estimated,
    unfolded_intake.lag_ms_sum,
    unfolded_intake.newest_ended_at
   FROM quotel.unfolded_intake;

create view quotel.overrides_in_force with (security_invoker=true) as
 SELECT DISTINCT ON (tenant_id, resource, period) tenant_id,
    override_id,
    resource,
    period,
    amount,
    enforcement,
    warn_at,
    grace_fraction,
    grace_seconds,
    burst,
    on_unavailable,
    on_unpriced,
    valid_from,
    valid_until,
    reason,
    actor,
    created_at,
    revoked_at,
    revoked_by
   FROM quotel.limit_overrides
  WHERE revoked_at IS NULL AND valid_from <= now() AND (valid_until IS NULL OR valid_until > now())
  ORDER BY tenant_id, resource, period, created_at DESC, override_id DESC;

create view quotel.quota_totals with (security_invoker=true) as
 WITH days AS NOT MATERIALIZED (
         SELECT t.tenant_id,
            r.resource,
            t.day_start,
            t.day_end,
            t.month_start,
            t.month_end,
            COALESCE(t.used[r."position"], 0::bigint) AS used,
            COALESCE(t.reserved[r."position"], 0::bigint) AS reserved
           FROM quotel.day_totals t
             CROSS JOIN LATERAL ( SELECT b.name AS resource,
                    b."position"::integer AS "position"
                   FROM unnest(quotel.built_in_resources()) WITH ORDINALITY b(name, "position")
                  WHERE t.resource = ''::text
                UNION ALL
                 SELECT t.resource,
                    1
                  WHERE t.resource <> ''::text) r
          WHERE t.used[r."position"] IS NOT NULL OR t.reserved[r."position"] IS NOT NULL
        )
 SELECT days.tenant_id,
    days.resource,
    'day'::text AS period,
    days.day_start AS period_start,
    days.day_end AS period_end,
    days.used,
    days.reserved
   FROM days
UNION ALL
 SELECT days.tenant_id,
    days.resource,
    'month'::text AS period,
    days.month_start AS period_start,
    max(days.month_end) AS period_end,
    quotel.as_bigint(sum(days.used)) AS used,
    quotel.as_bigint(sum(days.reserved)) AS reserved
   FROM days
  GROUP BY days.tenant_id, days.resource, days.month_start
UNION ALL
 SELECT days.tenant_id,
    days.resource,
    'lifetime'::text AS period,
    '1970-01-01 00:00:00+00'::timestamp with time zone AS period_start,
    'infinity'::timestamp with time zone AS period_end,
    quotel.as_bigint(sum(days.used)) AS used,
    quotel.as_bigint(sum(days.reserved)) AS reserved
   FROM days
  GROUP BY days.tenant_id, days.resource;

create view quotel.usage_amounts as
 SELECT e.tenant_id,
    e.event_day,
    e.trace_id,
    e.span_id,
    e.accounted_at,
    e.day_start,
    e.reservation_id,
    a.resource,
    a.amount
   FROM quotel.usage_events e
     CROSS JOIN LATERAL ( VALUES (e.resource,e.amount), ('tokens'::text,COALESCE(e.input_tokens, 0::bigint) + COALESCE(e.output_tokens, 0::bigint)), ('embedding_tokens'::text,
                CASE
                    WHEN e.event_type = 'embedding'::text THEN COALESCE(e.input_tokens, 0::bigint) + COALESCE(e.output_tokens, 0::bigint)
                    ELSE NULL::bigint
                END), ('cost'::text,e.cost_nano_usd)) a(resource, amount)
  WHERE e.moved_to IS NULL AND a.resource IS NOT NULL AND a.amount <> 0;

create view quotel.usage_rollups with (security_invoker=true) as
 SELECT folded_rollups.tenant_id,
    folded_rollups.granularity,
    folded_rollups.bucket_start,
    folded_rollups.event_type,
    folded_rollups.resource,
    folded_rollups.provider,
    folded_rollups.model,
    folded_rollups.user_id,
    folded_rollups.month_start,
    folded_rollups.events,
    folded_rollups.events_failed,
    folded_rollups.events_rate_limited,
    folded_rollups.amount,
    folded_rollups.input_tokens,
    folded_rollups.output_tokens,
    folded_rollups.cache_read_tokens,
    folded_rollups.cache_write_tokens,
    folded_rollups.reasoning_tokens,
    folded_rollups.partial_tokens,
    folded_rollups.estimated_tokens,
    folded_rollups.events_without_usage,
    folded_rollups.cost_nano_usd,
    folded_rollups.unpriced_events,
    folded_rollups.duration_us_sum,
    folded_rollups.duration_us_max,
    folded_rollups.latency
   FROM quotel.folded_rollups
UNION ALL
 SELECT r.tenant_id,
    r.granularity,
    r.bucket_start,
    r.event_type,
    r.resource,
    r.provider,
    r.model,
    r.user_id,
    r.month_start,
    r.events,
    r.events_failed,
    r.events_rate_limited,
    r.amount,
    r.input_tokens,
    r.output_tokens,
    r.cache_read_tokens,
    r.cache_write_tokens,
    r.reasoning_tokens,
    r.partial_tokens,
    r.estimated_tokens,
    r.events_without_usage,
    r.cost_nano_usd,
    r.unpriced_events,
    r.duration_us_sum,
    r.duration_us_max,
    r.latency
   FROM ( SELECT array_agg(unfolded_batches.batch) AS batches,
            min(unfolded_batches.batch) AS first_batch,
            max(unfolded_batches.batch) AS last_batch,
            min(unfolded_batches.first_day) AS first_day,
            max(unfolded_batches.last_day) AS last_day
           FROM quotel.unfolded_batches) b
     CROSS JOIN LATERAL quotel.event_rollups(b.batches, true, b.first_batch, b.last_batch, b.first_day, b.last_day) r(tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id, month_start, events, events_failed, events_rate_limited, amount, input_tokens, output_tokens, cache_read_tokens, cache_write_tokens, reasoning_tokens, partial_tokens, estimated_tokens, events_without_usage, cost_nano_usd, unpriced_events, duration_us_sum, duration_us_max, latency);

-- Row security

alter table quotel.accounted_days enable row level security;
create policy writer_all on quotel.accounted_days as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.audit_chains enable row level security;
create policy writer_all on quotel.audit_chains as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.audit_events enable row level security;
create policy reader_all on quotel.audit_events as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.audit_events as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_append on quotel.audit_events as permissive for insert to quotel_writer with check (true);
create policy writer_read on quotel.audit_events as permissive for select to quotel_writer using (true);
alter table quotel.audit_resolutions enable row level security;
create policy reader_all on quotel.audit_resolutions as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.audit_resolutions as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_read on quotel.audit_resolutions as permissive for select to quotel_writer using (true);
alter table quotel.counters enable row level security;
create policy writer_all on quotel.counters as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.day_totals enable row level security;
create policy reader_all on quotel.day_totals as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.day_totals as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.day_totals as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.denial_writers enable row level security;
create policy writer_all on quotel.denial_writers as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.denied_decisions enable row level security;
create policy writer_all on quotel.denied_decisions as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.folded_rollups enable row level security;
create policy reader_all on quotel.folded_rollups as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.folded_rollups as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.folded_rollups as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.invariant_findings enable row level security;
create policy writer_all on quotel.invariant_findings as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.level_days enable row level security;
create policy reader_all on quotel.level_days as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.level_days as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.level_days as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.levels enable row level security;
create policy writer_all on quotel.levels as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.limit_overrides enable row level security;
create policy reader_all on quotel.limit_overrides as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.limit_overrides as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.limit_overrides as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.metric_points enable row level security;
create policy writer_all on quotel.metric_points as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.quarantine enable row level security;
create policy writer_all on quotel.quarantine as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.quota_crossings enable row level security;
create policy reader_all on quotel.quota_crossings as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_crossings as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.quota_crossings as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.quota_denials enable row level security;
create policy reader_all on quotel.quota_denials as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_denials as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.quota_denials as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.rate_windows enable row level security;
create policy reader_all on quotel.rate_windows as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.rate_windows as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.rate_windows as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.reservations enable row level security;
create policy reader_all on quotel.reservations as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.reservations as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.reservations as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.rollup_caps enable row level security;
create policy reader_all on quotel.rollup_caps as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.rollup_caps as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.rollup_caps as permissive for all to quotel_writer using (true) with check (true);
alter table quotel.rollup_labels enable row level security;
create policy reader_all on quotel.rollup_labels as permissive for select to quotel_reader using (true);
create policy tenant_own on quotel.rollup_labels as permissive for select to quotel_tenant using ((tenant_id = NULLIF(current_setting('quotel.tenant_id'::text, true), ''::text)));
create policy writer_all on quotel.rollup_labels as permissive for all to quotel_writer using (true) with check (true);
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

-- Grants

grant select on column quotel.reservations.admitted_at to quotel_reader;
grant select on column quotel.reservations.admitted_at to quotel_tenant;
grant select on column quotel.reservations.closed_at to quotel_reader;
grant select on column quotel.reservations.closed_at to quotel_tenant;
grant select on column quotel.reservations.estimates to quotel_reader;
grant select on column quotel.reservations.estimates to quotel_tenant;
grant select on column quotel.reservations.expires_at to quotel_reader;
grant select on column quotel.reservations.expires_at to quotel_tenant;
grant select on column quotel.reservations.held to quotel_reader;
grant select on column quotel.reservations.held to quotel_tenant;
grant select on column quotel.reservations.late_after_expiry to quotel_reader;
grant select on column quotel.reservations.late_after_expiry to quotel_tenant;
grant select on column quotel.reservations.reservation_id to quotel_reader;
grant select on column quotel.reservations.reservation_id to quotel_tenant;
grant select on column quotel.reservations.resources to quotel_reader;
grant select on column quotel.reservations.resources to quotel_tenant;
grant select on column quotel.reservations.settled to quotel_reader;
grant select on column quotel.reservations.settled to quotel_tenant;
grant select on column quotel.reservations.state to quotel_reader;
grant select on column quotel.reservations.state to quotel_tenant;
grant select on column quotel.reservations.tenant_id to quotel_reader;
grant select on column quotel.reservations.tenant_id to quotel_tenant;
grant select on column quotel.reservations.true_amounts to quotel_reader;
grant select on column quotel.reservations.true_amounts to quotel_tenant;
grant execute on function public.aggregate_usage_metrics() to quotel_writer;
grant execute on function public.check_tenant_quota(text,bigint) to quotel_reader;
grant execute on function public.check_tenant_quota(text,bigint) to quotel_tenant;
grant execute on function public.check_tenant_quota(text,bigint) to quotel_writer;
grant execute on function public.cleanup_old_audit_events() to quotel_writer;
grant execute on function public.cleanup_old_realtime_events() to quotel_writer;
grant execute on function public.resolve_audit_event(uuid,text) to quotel_writer;
grant execute on function quotel.add_amounts(bigint[],bigint[]) to public;
grant execute on function quotel.add_arrays(bigint[],integer[]) to public;
grant execute on function quotel.as_bigint(numeric) to public;
grant execute on function quotel.audit_link(bytea,bigint,uuid,timestamp with time zone,bytea) to public;
grant execute on function quotel.audit_payload_without_person(json) to public;
grant execute on function quotel.built_in_event_types() to public;
grant execute on function quotel.built_in_resources() to public;
grant execute on function quotel.ensure_event_partitions(date,date) to quotel_writer;
grant execute on function quotel.erase_audit_events(text,uuid[]) to quotel_writer;
grant execute on function quotel.event_rollups(bigint[],boolean,bigint,bigint,date,date,timestamp with time zone,timestamp with time zone,timestamp with time zone,timestamp with time zone) to public;
grant execute on function quotel.forget_old_points(integer) to quotel_writer;
grant execute on function quotel.forget_old_rows(integer) to quotel_writer;
grant execute on function quotel.guard_audit_events() to public;
grant execute on function quotel.latency_bounds() to public;
grant execute on function quotel.latency_histogram(integer[]) to public;
grant execute on function quotel.latency_quantile_ms(bigint[],double precision) to public;
grant execute on function quotel.merge_latency(integer[],integer[]) to public;
grant execute on function quotel.rate_window_empty_at(text,bigint,bigint[]) to public;
grant execute on function quotel.rate_window_used(text,bigint,bigint[]) to public;
grant execute on function quotel.rolled_up_names(text,text,text,text,text) to public;
grant execute on function quotel.sequence_count(int8multirange) to public;
grant execute on function quotel.sum_arrays(integer[]) to public;
grant execute on function quotel.sum_bigint(bigint) to public;
grant execute on function quotel.sum_latency(integer[]) to public;
grant execute on function quotel.take_latency(integer[],integer[]) to public;
grant execute on function quotel.verify_audit_chain(text) to quotel_writer;
grant usage on schema public to public;
grant create, usage on schema public to quotel_owner;
grant usage on schema quotel to quotel_writer;
grant select on table public.audit_events to quotel_reader;
grant select on table public.audit_events to quotel_tenant;
grant select on table public.audit_events to quotel_writer;
grant select on table public.invariant_violations to quotel_reader;
grant select on table public.invariant_violations to quotel_writer;
grant select on table public.metered_tenants to quotel_reader;
grant select on table public.metered_tenants to quotel_tenant;
grant select on table public.metered_tenants to quotel_writer;
grant select on table public.pipeline_health to quotel_reader;
grant select on table public.pipeline_health to quotel_writer;
grant select on table public.pipeline_intake to quotel_reader;
grant select on table public.pipeline_intake to quotel_writer;
grant select on table public.producer_completeness to quotel_reader;
grant select on table public.producer_completeness to quotel_writer;
grant select on table public.producer_reports to quotel_reader;
grant select on table public.producer_reports to quotel_writer;
grant select on table public.quota_denials to quotel_reader;
grant select on table public.quota_denials to quotel_tenant;
grant select on table public.quota_denials to quotel_writer;
grant select on table public.quota_status to quotel_reader;
grant select on table public.quota_status to quotel_tenant;
grant select on table public.quota_status to quotel_writer;
grant select on table public.reservations to quotel_reader;
grant select on table public.reservations to quotel_tenant;
grant select on table public.reservations to quotel_writer;
grant select on table public.security_events to quotel_reader;
grant select on table public.security_events to quotel_writer;
grant select on table public.tenant_usage_metrics to quotel_reader;
grant select on table public.tenant_usage_metrics to quotel_tenant;
grant select on table public.tenant_usage_metrics to quotel_writer;
grant select on table public.tenant_usage_realtime to quotel_reader;
grant select on table public.tenant_usage_realtime to quotel_tenant;
grant select on table public.tenant_usage_realtime to quotel_writer;
grant select on table public.usage_by_model to quotel_reader;
grant select on table public.usage_by_model to quotel_tenant;
grant select on table public.usage_by_model to quotel_writer;
grant select on table public.usage_by_user to quotel_reader;
grant select on table public.usage_by_user to quotel_tenant;
grant select on table public.usage_by_user to quotel_writer;
grant select on table public.usage_daily to quotel_reader;
grant select on table public.usage_daily to quotel_tenant;
grant select on table public.usage_daily to quotel_writer;
grant select on table public.usage_events to quotel_reader;
grant select on table public.usage_events to quotel_tenant;
grant select on table public.usage_events to quotel_writer;
grant select on table public.usage_levels to quotel_reader;
grant select on table public.usage_levels to quotel_tenant;
grant select on table public.usage_levels to quotel_writer;
grant select on table public.usage_levels_daily to quotel_reader;
grant select on table public.usage_levels_daily to quotel_tenant;
grant select on table public.usage_levels_daily to quotel_writer;
grant insert, select, update on table quotel.accounted_days to quotel_writer;
grant insert, select, update on table quotel.api_keys to quotel_writer;
grant insert, select, update on table quotel.audit_chains to quotel_writer;
grant select on table quotel.audit_events to quotel_reader;
grant select on table quotel.audit_events to quotel_tenant;
grant insert, select on table quotel.audit_events to quotel_writer;
grant select on table quotel.audit_resolutions to quotel_reader;
grant select on table quotel.audit_resolutions to quotel_tenant;
grant select on table quotel.audit_resolutions to quotel_writer;
grant select on table quotel.backfill_batches to quotel_writer;
grant select on table quotel.backfills to quotel_writer;
grant insert, select, update on table quotel.collector_instances to quotel_writer;
grant insert, select, update on table quotel.counters to quotel_writer;
grant select on table quotel.day_totals to quotel_reader;
grant select on table quotel.day_totals to quotel_tenant;
grant insert, select, update on table quotel.day_totals to quotel_writer;
grant insert, select, update on table quotel.denial_writers to quotel_writer;
grant insert, select on table quotel.denied_decisions to quotel_writer;
grant select on table quotel.effective_limits to quotel_reader;
grant select on table quotel.effective_limits to quotel_tenant;
grant select on table quotel.effective_limits to quotel_writer;
grant insert, select, update on table quotel.folded_intake to quotel_writer;
grant select on table quotel.folded_rollups to quotel_reader;
grant select on table quotel.folded_rollups to quotel_tenant;
grant insert, select, update on table quotel.folded_rollups to quotel_writer;
grant select on table quotel.intake to quotel_writer;
grant insert, select, update on table quotel.invariant_findings to quotel_writer;
grant select on table quotel.ledger_seal to quotel_writer;
grant select on table quotel.level_days to quotel_reader;
grant select on table quotel.level_days to quotel_tenant;
grant insert, select, update on table quotel.level_days to quotel_writer;
grant insert, select, update on table quotel.levels to quotel_writer;
grant select on table quotel.limit_overrides to quotel_reader;
grant select on table quotel.limit_overrides to quotel_tenant;
grant insert, select, update on table quotel.limit_overrides to quotel_writer;
grant insert, select on table quotel.metric_points to quotel_writer;
grant select on table quotel.overrides_in_force to quotel_reader;
grant select on table quotel.overrides_in_force to quotel_tenant;
grant select on table quotel.overrides_in_force to quotel_writer;
grant select on table quotel.plan_limits to quotel_reader;
grant select on table quotel.plan_limits to quotel_tenant;
grant insert, select on table quotel.plan_limits to quotel_writer;
grant select on table quotel.plans to quotel_reader;
grant select on table quotel.plans to quotel_tenant;
grant insert, select on table quotel.plans to quotel_writer;
grant select on table quotel.price_overrides to quotel_writer;
grant insert, select, update on table quotel.producer_boots to quotel_writer;
grant insert, select, update on table quotel.producer_reports to quotel_writer;
grant insert, select, update on table quotel.quarantine to quotel_writer;
grant insert, select, update on table quotel.quarantine_days to quotel_writer;
grant select on table quotel.quota_crossings to quotel_reader;
grant select on table quotel.quota_crossings to quotel_tenant;
grant insert, select on table quotel.quota_crossings to quotel_writer;
grant select on table quotel.quota_denials to quotel_reader;
grant select on table quotel.quota_denials to quotel_tenant;
grant insert, select, update on table quotel.quota_denials to quotel_writer;
grant select on table quotel.quota_totals to quotel_reader;
grant select on table quotel.quota_totals to quotel_tenant;
grant select on table quotel.quota_totals to quotel_writer;
grant select on table quotel.rate_windows to quotel_reader;
grant select on table quotel.rate_windows to quotel_tenant;
grant insert, select, update on table quotel.rate_windows to quotel_writer;
grant insert, select, update on table quotel.reservations to quotel_writer;
grant select on table quotel.rollup_caps to quotel_reader;
grant select on table quotel.rollup_caps to quotel_tenant;
grant insert, select, update on table quotel.rollup_caps to quotel_writer;
grant select on table quotel.rollup_labels to quotel_reader;
grant select on table quotel.rollup_labels to quotel_tenant;
grant insert, select on table quotel.rollup_labels to quotel_writer;
grant insert, select, update on table quotel.security_events to quotel_writer;
grant insert, select, update on table quotel.tenant_calendars to quotel_writer;
grant select on table quotel.tenants to quotel_reader;
grant select on table quotel.tenants to quotel_tenant;
grant insert, select, update on table quotel.tenants to quotel_writer;
grant delete, insert, select on table quotel.unfolded_arrivals to quotel_writer;
grant select on table quotel.unfolded_batches to quotel_reader;
grant select on table quotel.unfolded_batches to quotel_tenant;
grant delete, insert, select on table quotel.unfolded_batches to quotel_writer;
grant delete, insert, select on table quotel.unfolded_heartbeats to quotel_writer;
grant delete, insert, select on table quotel.unfolded_intake to quotel_writer;
grant delete, insert, select, update on table quotel.unknown_tenants to quotel_writer;
grant select on table quotel.usage_amounts to quotel_writer;
grant select on table quotel.usage_events to quotel_reader;
grant select on table quotel.usage_events to quotel_tenant;
grant insert, select on table quotel.usage_events to quotel_writer;
grant select on table quotel.usage_rollups to quotel_reader;
grant select on table quotel.usage_rollups to quotel_tenant;
grant select on table quotel.usage_rollups to quotel_writer;
grant select, update on table quotel.verification to quotel_writer;
