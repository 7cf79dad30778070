-- Who changed what. Rows are only added, and each is chained to the one before it in its tenant's chain.

create table quotel.audit_events (
  tenant_id text not null,
  -- Position in the tenant's chain, from 1, without gaps.
  seq bigint not null,
  -- 128 bits of a hash of the tenant and the record's id, else of the record: the identity (I1).
  event_id uuid not null,
  -- When it was recorded, by the database's clock: never before the row that precedes it. Decides how long it is kept.
  recorded_at timestamptz not null,
  -- 64 bits of a hash of what the sender said: tells a redelivery from a conflict. Null once erased.
  fingerprint bigint,
  -- json, not jsonb: kept to the byte, because payload_hash is the SHA-256 of these bytes. It holds a random salt, so
  -- that once erased it cannot be guessed from its hash.
  payload json not null,
  payload_hash bytea not null,
  -- The hash of the row before; of the first row, SHA-256 of the tenant's id.
  prev_hash bytea not null,
  -- quotel.audit_link() of this row.
  hash bytea not null,
  -- When the personal part of the payload was removed. The chain is over payload_hash, so it stays whole.
  erased_at timestamptz,
  -- What is searched for, taken from the payload so that it cannot disagree with it.
  event_type text generated always as (payload ->> 'eventType') stored,
  occurred_at timestamptz generated always as (to_timestamp((payload ->> 'occurredAtMicros')::numeric::double precision / 1000000)) stored,
  result text generated always as (payload ->> 'result') stored,
  primary key (tenant_id, seq),
  unique (tenant_id, event_id)
);
create index audit_events_occurred on quotel.audit_events (tenant_id, occurred_at);
-- For what happened lately, whoever's it is: rows are added in about this order.
create index audit_events_time on quotel.audit_events using brin (occurred_at);
create index audit_events_id on quotel.audit_events (event_id);

-- The two ends of each tenant's chain. The row is also the lock: who holds it is the only one to append.
create table quotel.audit_chains (
  tenant_id text primary key,
  -- The last row that was removed for its age (0: none was), and its hash: what the first remaining row follows.
  base_seq bigint not null,
  base_hash bytea not null,
  last_seq bigint not null,
  last_hash bytea not null,
  last_recorded_at timestamptz not null
) with (fillfactor = 70);

-- What was done about an event. Beside it, because the event itself never changes; rows are only added.
create table quotel.audit_resolutions (
  tenant_id text not null,
  event_id uuid not null,
  resolved_at timestamptz not null default clock_timestamp(),
  note text not null,
  primary key (tenant_id, event_id, resolved_at)
);

-- The hash of a chain link: the one before it, and everything of this row that the payload's hash does not cover.
create function quotel.audit_link(
  prev_hash bytea, seq bigint, event_id uuid, recorded_at timestamptz, payload_hash bytea
) returns bytea
language sql immutable parallel safe as $$
  select pg_catalog.sha256(prev_hash || int8send(seq) || uuid_send(event_id)
    || int8send((extract(epoch from recorded_at) * 1000000)::bigint) || payload_hash)
$$;

-- What is left of a payload without what may be personal: who, from where, about whom, what values and words.
create function quotel.audit_payload_without_person(payload json) returns json
language sql immutable parallel safe as $$
  select json_object_agg(key, value) from json_each(payload)
  where key in ('eventType', 'occurredAtMicros', 'entityType', 'action', 'actorType', 'result', 'producer')
$$;

-- Append-only, for the owner and superusers too: rows go when they are two years old, in a chain's order, and payloads
-- lose their personal part; nothing else. The functions below say, for as long as they run, what kind of change they make.
create function quotel.guard_audit_events() returns trigger
language plpgsql set search_path = '' as $$
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
end $$;
create trigger append_only before update or delete on quotel.audit_events
  for each row execute function quotel.guard_audit_events();
create trigger not_truncated before truncate on quotel.audit_events
  for each statement execute function quotel.guard_audit_events();

-- Removes the personal part of some events of a tenant, what was noted about them, and what waits in quarantine because it
-- contradicts them. Repeated it changes nothing. Returns how many were erased.
create function quotel.erase_audit_events(tenant text, events uuid[]) returns bigint
language plpgsql security definer set search_path = '' as $$
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
end $$;

-- Deletes audit events recorded more than two years ago: the beginning of each chain, whose last hash the chain's row
-- keeps, so that the rest still verifies. Returns how many were deleted.
create function public.cleanup_old_audit_events() returns bigint
language plpgsql security definer set search_path = '' as $$
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
end $$;

-- Notes what was done about an event; the last note counts. False = there is no such event.
create function public.resolve_audit_event(id uuid, note text) returns boolean
language sql security definer set search_path = '' as $$
  with resolved as (
    insert into quotel.audit_resolutions (tenant_id, event_id, note)
    select e.tenant_id, e.event_id, resolve_audit_event.note
    from quotel.audit_events e where e.event_id = resolve_audit_event.id
    returning 1
  )
  select exists (select from resolved)
$$;

-- The first place where a tenant's chain is not what it was when it was written; no row = it is whole.
create function quotel.verify_audit_chain(tenant text) returns table (seq bigint, problem text)
language sql stable set search_path = '' as $$
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
$$;

create view public.audit_events with (security_invoker = true) as
select
  e.tenant_id, e.event_id as id, e.seq, e.event_type, e.occurred_at, e.recorded_at,
  e.payload ->> 'entityType' as entity_type,
  e.payload ->> 'entityId' as entity_id,
  e.payload ->> 'action' as action,
  e.payload ->> 'actorType' as actor_type,
  e.payload ->> 'actorId' as actor_id,
  e.payload -> 'old' as old_values,
  e.payload -> 'new' as new_values,
  e.payload ->> 'summary' as summary,
  e.result,
  e.payload ->> 'error' as error,
  e.payload ->> 'clientAddress' as client_address,
  e.payload ->> 'userAgent' as user_agent,
  e.payload ->> 'requestId' as request_id,
  e.payload -> 'metadata' as metadata,
  e.payload -> 'omitted' as omitted,
  e.payload ->> 'auditId' as audit_id,
  e.payload ->> 'producer' as producer,
  e.erased_at, r.resolved_at, r.note as resolution_note
from quotel.audit_events e
left join lateral (
  select resolved_at, note from quotel.audit_resolutions r
  where r.tenant_id = e.tenant_id and r.event_id = e.event_id
  order by resolved_at desc limit 1
) r on true;

alter table quotel.audit_events enable row level security;
alter table quotel.audit_chains enable row level security;
alter table quotel.audit_resolutions enable row level security;
create policy writer_read on quotel.audit_events for select to quotel_writer using (true);
create policy writer_append on quotel.audit_events for insert to quotel_writer with check (true);
create policy writer_all on quotel.audit_chains to quotel_writer using (true) with check (true);
create policy writer_read on quotel.audit_resolutions for select to quotel_writer using (true);
create policy reader_all on quotel.audit_events for select to quotel_reader using (true);
create policy reader_all on quotel.audit_resolutions for select to quotel_reader using (true);
create policy tenant_own on quotel.audit_events for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));
create policy tenant_own on quotel.audit_resolutions for select to quotel_tenant
  using (tenant_id = nullif(current_setting('quotel.tenant_id', true), ''));

revoke execute on function quotel.erase_audit_events, public.cleanup_old_audit_events, public.resolve_audit_event,
  quotel.verify_audit_chain from public;
grant execute on function quotel.erase_audit_events, public.cleanup_old_audit_events, public.resolve_audit_event,
  quotel.verify_audit_chain to quotel_writer;
grant select, insert on quotel.audit_events to quotel_writer;
grant select, insert, update on quotel.audit_chains to quotel_writer;
grant select on quotel.audit_resolutions to quotel_writer;
grant select on quotel.audit_events, quotel.audit_resolutions to quotel_reader, quotel_tenant;
grant select on public.audit_events to quotel_reader, quotel_tenant, quotel_writer;
