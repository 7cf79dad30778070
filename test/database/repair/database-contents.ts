import type { Pool } from "pg";

/**
 * All that usage has left in the database, in an order and a form that do not depend on how it got there: which batch
 * brought a row, what is folded, the bounds of a histogram's array.
 */
export async function contentsOf(pool: Pool): Promise<Record<string, unknown[]>> {
  const rowsOf = async (sql: string): Promise<unknown[]> => (await pool.query(sql)).rows;
  return {
    ledger: await rowsOf(`
      select tenant_id, event_day::text, trace_id, span_id::text, accounted_at, day_start, month_start, event_type,
        resource, amount, input_tokens, output_tokens, cost_nano_usd, provider, model, service_tier, reservation_id
      from quotel.usage_events order by 1, 2, 3, 4`),
    rollups: await rowsOf(`
      select tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id, month_start,
        sum(events)::bigint as events, sum(events_failed)::bigint as failed, sum(amount)::bigint as amount,
        sum(events_rate_limited)::bigint as rate_limited, sum(input_tokens)::bigint as input,
        sum(output_tokens)::bigint as output, sum(cache_read_tokens)::bigint as cache_read,
        sum(cache_write_tokens)::bigint as cache_write, sum(reasoning_tokens)::bigint as reasoning,
        sum(partial_tokens)::bigint as partial, sum(estimated_tokens)::bigint as estimated,
        sum(events_without_usage)::bigint as without_usage, sum(cost_nano_usd)::bigint as cost,
        sum(unpriced_events)::bigint as unpriced, sum(duration_us_sum)::bigint as duration,
        max(duration_us_max) as longest
      from quotel.usage_rollups group by 1, 2, 3, 4, 5, 6, 7, 8, 9 order by 1, 2, 3, 4, 5, 6, 7, 8, 9`),
    latencies: await rowsOf(`
      select tenant_id, granularity, bucket_start, event_type, resource, provider, model, user_id, i as bucket,
        sum(latency[i])::bigint as events
      from quotel.usage_rollups cross join lateral generate_subscripts(latency, 1) i
      group by 1, 2, 3, 4, 5, 6, 7, 8, 9 having sum(latency[i]) <> 0 order by 1, 2, 3, 4, 5, 6, 7, 8, 9`),
    totals: await rowsOf(`
      select tenant_id, resource, period, period_start, used, reserved
      from quotel.quota_totals where used <> 0 or reserved <> 0 order by 1, 2, 3, 4`),
    settled: await rowsOf(`
      select tenant_id, reservation_id, state, s.resource, s.settled
      from quotel.reservations cross join lateral unnest(resources, settled) as s (resource, settled)
      where s.settled <> 0 order by 1, 2, 3, 4`),
  };
}
