-- Who is metered, and what each may use.

create table quotel.plans (
  plan_id text not null,
  -- Versions are immutable: a changed definition is a new version, and the highest one is in force.
  version integer not null,
  features text[] not null default '{}',
  -- Where the plan stands among the others: an upgrade leads to a higher one.
  rank integer not null default 0,
  -- Who made the version: a key, an operator, or "start" for the catalogue file of a service.
  actor text not null default 'start',
  created_at timestamptz not null default now(),
  primary key (plan_id, version)
);

create table quotel.plan_limits (
  plan_id text not null,
  version integer not null,
  resource text not null,
  period text not null check (period in ('second', 'minute', 'hour', 'day', 'month', 'lifetime', 'level')),
  -- null = unlimited
  amount bigint check (amount >= 0),
  enforcement text not null default 'hard' check (enforcement in ('hard', 'soft', 'shadow')),
  -- Fraction of the limit from which the state is "warning".
  warn_at numeric(4, 3) not null default 0.8 check (warn_at > 0 and warn_at <= 1),
  -- How much more than the amount is admitted, as a fraction of it, and for how long after it was first exceeded.
  grace_fraction numeric(6, 3) not null default 0 check (grace_fraction >= 0),
  grace_seconds integer not null default 0 check (grace_seconds >= 0),
  -- Of a rate limit: what any window may take beyond the amount.
  burst bigint not null default 0 check (burst >= 0),
  -- What is answered when the database is away, and, of cost, when what was used has no price.
  on_unavailable text not null default 'allow' check (on_unavailable in ('allow', 'deny')),
  on_unpriced text not null default 'allow' check (on_unpriced in ('allow', 'deny')),
  primary key (plan_id, version, resource, period),
  foreign key (plan_id, version) references quotel.plans (plan_id, version)
);

create table quotel.tenants (
  tenant_id text primary key check (tenant_id ~ '^[A-Za-z0-9][A-Za-z0-9._:@-]{0,127}$'),
  plan_id text not null,
  -- "default": provisioned when first seen; "assigned": set through the admin API.
  plan_source text not null default 'default' check (plan_source in ('default', 'assigned')),
  licence_status text not null default 'active'
    check (licence_status in ('active', 'trialing', 'past_due', 'suspended', 'cancelled', 'expired')),
  -- From then on the licence counts as expired, whatever its status; null = it does not end.
  licence_expires_at timestamptz,
  -- The key whose traffic made the tenant known; bounds how many one key may make in an hour.
  provisioned_by text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index tenants_provisioned on quotel.tenants (provisioned_by, created_at) where provisioned_by is not null;

-- Versions of a tenant's zone and anchor day (I7). No row = UTC, day 1. Rows are only added, ahead of time; one that
-- nobody can have used yet may be replaced.
create table quotel.tenant_calendars (
  tenant_id text not null,
  effective_from timestamptz not null,
  zone text not null,
  anchor_day smallint not null check (anchor_day between 1 and 31),
  primary key (tenant_id, effective_from)
);

-- Exceptions from a tenant's plan. Of those in force for a resource and period the one made last counts, in place of the
-- plan's limit. Rows are only added, and revoked: what was in force at an instant can always be told.
create table quotel.limit_overrides (
  tenant_id text not null,
  override_id uuid not null,
  resource text not null,
  period text not null check (period in ('second', 'minute', 'hour', 'day', 'month', 'lifetime', 'level')),
  -- null = unlimited
  amount bigint check (amount >= 0),
  enforcement text not null default 'hard' check (enforcement in ('hard', 'soft', 'shadow')),
  warn_at numeric(4, 3) not null default 0.8 check (warn_at > 0 and warn_at <= 1),
  grace_fraction numeric(6, 3) not null default 0 check (grace_fraction >= 0),
  grace_seconds integer not null default 0 check (grace_seconds >= 0),
  burst bigint not null default 0 check (burst >= 0),
  on_unavailable text not null default 'allow' check (on_unavailable in ('allow', 'deny')),
  on_unpriced text not null default 'allow' check (on_unpriced in ('allow', 'deny')),
  valid_from timestamptz not null default now(),
  -- null = until it is revoked
  valid_until timestamptz check (valid_until > valid_from),
  reason text not null,
  actor text not null,
  created_at timestamptz not null default clock_timestamp(),
  revoked_at timestamptz,
  revoked_by text,
  primary key (tenant_id, override_id)
);

create table quotel.api_keys (
  -- SHA-256 of the bearer token; the token itself is nowhere.
  key_hash bytea primary key,
  key_id text not null unique,
  kind text not null check (kind in ('ingest', 'service', 'tenant', 'admin')),
  -- Tenants the holder may speak for; null = any.
  tenants text[],
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);

alter table quotel.tenants enable row level security;
alter table quotel.tenant_calendars enable row level security;
alter table quotel.limit_overrides enable row level security;
create policy writer_all on quotel.tenants to quotel_writer using (true) with check (true);
create policy writer_all on quotel.tenant_calendars to quotel_writer using (true) with check (true);
create policy writer_all on quotel.limit_overrides to quotel_writer using (true) with check (true);
create policy reader_all on quotel.limit_overrides for select to quotel_reader using (true);
create policy tenant_own on quotel.limit_overrides for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy reader_all on quotel.tenants for select to quotel_reader using (true);
create policy tenant_own on quotel.tenants for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

-- Readers and tenants get rights on tables but none on the schema: they reach the rows through the views in public
-- (security_invoker, so row-level security binds them) and cannot name a table themselves.
grant usage on schema quotel to quotel_writer;
grant select, insert on quotel.plans, quotel.plan_limits to quotel_writer;
grant select, insert, update on quotel.tenants, quotel.tenant_calendars, quotel.api_keys, quotel.limit_overrides to quotel_writer;
grant select on quotel.plans, quotel.plan_limits, quotel.tenants, quotel.limit_overrides to quotel_reader, quotel_tenant;
