/**
 * What was consumed, as far back as anything is known: from `$3` on by the ledger's events, before it by hour rollups.
 * Rows (tenant_id, at, is_event, work, resource, amount); `work` tells what was done together: the events of one
 * reservation, else one event; an hour is told by its start.
 *
 * `$1` = tenants, `$2` = resources, `$3` = the hour from which the ledger is complete.
 *
 * @param from SQL of the first instant, @param to SQL of the one after the last
 */
export function recordedUsage(from: string, to: string): string {
  return `
    select r.tenant_id, r.bucket_start as at, false as is_event, '' as work, a.resource, a.amount
    from quotel.usage_rollups r
    cross join lateral (values
      (r.resource, r.amount),
      ('tokens', r.input_tokens + r.output_tokens),
      ('embedding_tokens', case when r.event_type = 'embedding' then r.input_tokens + r.output_tokens end),
      ('cost', r.cost_nano_usd)
    ) a (resource, amount)
    where r.tenant_id = any ($1::text[]) and r.granularity = 'hour'
      and r.bucket_start >= ${from} and r.bucket_start < least(${to}, $3::timestamptz)
      and a.resource = any ($2::text[]) and a.amount <> 0
    union all
    select tenant_id, accounted_at, true, coalesce(reservation_id::text, concat(event_day, ' ', trace_id, ' ', span_id)),
      resource, amount
    from quotel.usage_amounts
    where tenant_id = any ($1::text[])
      and accounted_at >= greatest(${from}, $3::timestamptz) and accounted_at < ${to}
      and resource = any ($2::text[])`;
}
