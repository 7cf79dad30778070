-- What models cost where the price list that comes with the collector does not know it, or knows another price.

-- Only added to: a row says what holds from an instant on, until the next row of the same key, so two prices of one key can
-- never overlap. Of rows for the same instant the one added last holds; the others stay as the record of what was believed.
create table quotel.price_overrides (
  override_id bigint generated always as identity primary key,
  -- As in usage_events: OpenTelemetry's name.
  provider text not null check (provider = lower(provider) and provider <> ''),
  -- A model, or with a trailing * all whose names begin so. Lower case; models are compared in lower case.
  model text not null check (model = lower(model) and model <> '' and position('*' in model) in (0, length(model))),
  -- null = any.
  service_tier text check (service_tier = lower(service_tier) and service_tier <> ''),
  valid_from timestamptz not null,
  -- USD per million tokens, six decimals: whole pico-dollars per token. null = a cache class costs what other input
  -- costs, reasoning what other output costs; without input or output, events that have such tokens stay unpriced.
  input numeric(12, 6) check (input >= 0),
  output numeric(12, 6) check (output >= 0),
  cache_read numeric(12, 6) check (cache_read >= 0),
  cache_write numeric(12, 6) check (cache_write >= 0),
  reasoning numeric(12, 6) check (reasoning >= 0),
  -- USD, added once per event; null = nothing.
  per_request numeric(15, 9) check (per_request >= 0),
  -- From here on the override holds no more: the price list decides again.
  ended boolean not null,
  reason text not null check (reason <> ''),
  actor text not null check (actor <> ''),
  created_at timestamptz not null default now(),
  check (ended = (input is null and output is null and cache_read is null and cache_write is null
    and reasoning is null and per_request is null))
);
create index price_overrides_key on quotel.price_overrides (provider, model, service_tier, valid_from);

grant select on quotel.price_overrides to quotel_writer;
