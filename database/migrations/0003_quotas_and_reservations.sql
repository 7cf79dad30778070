-- What each tenant has used and holds per accounting period, and the reservations that hold it.

create table quotel.quota_totals (
  tenant_id text not null,
  resource text not null,
  period text not null check (period in ('day', 'month', 'lifetime')),
  period_start timestamptz not null,
  period_end timestamptz not null,
  used bigint not null,
  -- Sum of the holds of this period's reservations; changed only in the transaction that changes their rows (I10).
  reserved bigint not null,
  primary key (tenant_id, resource, period, period_start)
) with (fillfactor = 70);

create table quotel.reservations (
  tenant_id text not null,
  reservation_id uuid not null,
  -- early: named by a span or a close before any reserve. settled: closed, and the spans have brought it all.
  state text not null check (state in ('early', 'open', 'closed', 'settled', 'released', 'expired')),
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

alter table quotel.quota_totals enable row level security;
alter table quotel.reservations enable row level security;
create policy writer_all on quotel.quota_totals to quotel_writer using (true) with check (true);
create policy writer_all on quotel.reservations to quotel_writer using (true) with check (true);
create policy reader_all on quotel.quota_totals for select to quotel_reader using (true);
create policy tenant_own on quotel.quota_totals for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

grant select, insert, update on quotel.quota_totals, quotel.reservations to quotel_writer;
grant select on quotel.quota_totals to quotel_reader, quotel_tenant;
