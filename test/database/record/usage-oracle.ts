import type { Pool } from "pg";
import type { UsageEvent } from "#database/record/usage-event";

const DAY_MS = 86_400_000;

/** (tenant resource period start) -> amount, by the plainest sum there is. All tenants of the tests live in UTC. */
export function expectedTotals(events: readonly UsageEvent[]): Map<string, number> {
  const totals = new Map<string, number>();
  const add = (event: UsageEvent, resource: string, amount: number): void => {
    const at = new Date(Math.floor(event.endedAtMicros / 1000));
    const day = new Date(at.getTime() - (at.getTime() % DAY_MS)).toISOString();
    const month = new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1)).toISOString();
    for (const period of [`day ${day}`, `month ${month}`, `lifetime ${new Date(0).toISOString()}`]) {
      const key = `${event.tenantId} ${resource} ${period}`;
      totals.set(key, (totals.get(key) ?? 0) + amount);
    }
  };
  for (const event of events) {
    const tokens = (event.inputTokens ?? 0) + (event.outputTokens ?? 0);
    if (event.resource !== null) add(event, event.resource, event.amount);
    add(event, "tokens", tokens);
    if (event.eventType === "embedding") add(event, "embedding_tokens", tokens);
    add(event, "cost", event.costNanoUsd ?? 0);
  }
  return inKeyOrder([...totals].filter(([, amount]) => amount !== 0));
}

/** What the database holds, in the oracle's words. */
export async function storedTotals(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query<{ key: string; used: number }>(`
    select concat_ws(' ', tenant_id, resource, period,
      to_char(period_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as key, used
    from quotel.quota_totals where used <> 0`);
  return inKeyOrder(rows.map((row) => [row.key, row.used]));
}

const SUMS_BY_DAY = `
      select tenant_id, date_trunc('day', accounted_at, 'UTC') as day, count(*) as events,
        sum(amount) as amount, coalesce(sum(input_tokens), 0) as input, coalesce(sum(output_tokens), 0) as output,
        coalesce(sum(cost_nano_usd), 0) as cost, sum(duration_us) as duration
      from quotel.usage_events where moved_to is null`;

/**
 * Buckets in which rollups or quota totals differ from the ledger (I3), computed by SQL that shares nothing with the
 * record transaction. Must be empty.
 */
export async function driftFromLedger(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    with ledger as (
${SUMS_BY_DAY} group by 1, 2
    ), ledger_of_users as (
${SUMS_BY_DAY} and coalesce(user_id, '') <> '' group by 1, 2
    ), rolled as (
      select tenant_id, granularity, date_trunc('day', bucket_start, 'UTC') as day, sum(events) as events,
        sum(amount) as amount, sum(input_tokens) as input, sum(output_tokens) as output, sum(cost_nano_usd) as cost,
        sum(duration_us_sum) as duration,
        sum((select sum(n) from unnest(latency) as n)) as in_histogram
      from quotel.usage_rollups group by 1, 2, 3
    ), both_granularities as (
      select l.*, g.granularity from ledger l cross join (values ('hour'), ('day')) g (granularity)
      union all
      select *, 'user_day' from ledger_of_users
    )
    select 'rollup' as what, tenant_id, day::text, granularity
    from both_granularities l full join rolled r using (tenant_id, day, granularity)
    where (l.events, l.amount, l.input, l.output, l.cost, l.duration, l.events)
      is distinct from (r.events, r.amount, r.input, r.output, r.cost, r.duration, r.in_histogram)
    union all
    select 'total', tenant_id, resource, 'lifetime'
    from (select tenant_id, resource, sum(amount) as amount from quotel.usage_amounts group by 1, 2) l
    full join (select tenant_id, resource, used as amount from quotel.quota_totals
      where period = 'lifetime' and used <> 0) t using (tenant_id, resource)
    where l.amount is distinct from t.amount`);
  return rows;
}

/** (tenant, resource, period) where `reserved` is not the sum of the reservations' holds (I10). Must be empty. */
export async function driftFromHolds(pool: Pool): Promise<unknown[]> {
  const { rows } = await pool.query(`
    with holds as (
      select r.tenant_id, h.resource, p.period, p.period_start, sum(h.held) as held
      from quotel.reservations r
      cross join lateral unnest(r.resources, r.held) as h (resource, held)
      cross join lateral (values
        ('day', r.day_start), ('month', r.month_start), ('lifetime', 'epoch'::timestamptz)) p (period, period_start)
      group by 1, 2, 3, 4
    )
    select tenant_id, resource, period, period_start, held, reserved
    from holds full join quotel.quota_totals using (tenant_id, resource, period, period_start)
    where coalesce(held, 0) <> coalesce(reserved, 0) or reserved < 0`);
  return rows;
}

function inKeyOrder(entries: [string, number][]): Map<string, number> {
  return new Map(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
