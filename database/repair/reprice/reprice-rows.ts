import type { ClientBase } from "pg";
import { plainArray, textArray } from "../../array-text.ts";
import { query } from "../../pool.ts";
import type { UsageEvent } from "../../record/usage-event.ts";

/** An event as it is in the ledger, and what it costs by today's prices. */
export interface NewPrice {
  readonly event: UsageEvent;
  /** Nano-USD; null = unknown. */
  readonly costNanoUsd: number | null;
}

/** A ledger row whose cost was changed, with what its rollups and totals go by. */
export interface RepricedRow {
  readonly tenant_id: string;
  readonly event_type: string;
  readonly resource: string;
  readonly provider: string;
  readonly model: string;
  readonly user_id: string;
  readonly reservation_id: string | null;
  readonly hour_start_ms: number;
  readonly day_start_ms: number;
  readonly accounted_ms: number;
  readonly has_tokens: boolean;
  /** Its rollups are in `folded_rollups`; else they are the row itself. */
  readonly folded: boolean;
  readonly before: number | null;
  readonly after: number | null;
}

/**
 * Writes new costs into one day of the ledger; only where a row still has the cost that was read, so what returns was
 * changed by this statement and by nobody else. Under the rollups' lock, which every change of existing rows takes: no
 * two meet, and whether a row is folded stays so to the end of the transaction.
 */
export async function repriceRows(
  client: ClientBase,
  eventDay: string,
  prices: readonly NewPrice[],
): Promise<RepricedRow[]> {
  const { rows } = await query<RepricedRow>(client, {
    name: "reprice-rows",
    text: `
      update quotel.usage_events e set cost_nano_usd = n.after
      from unnest($2::text[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[])
        as n (tenant_id, trace_id, span_id, before, after)
      where e.event_day = $1::date and e.tenant_id = n.tenant_id and e.trace_id = n.trace_id
        and e.span_id = ('x' || n.span_id)::bit(64)::bigint
        and e.cost_nano_usd is not distinct from n.before and e.moved_to is null
      returning e.tenant_id, e.event_type, coalesce(e.resource, '') as resource, coalesce(e.provider, '') as provider,
        coalesce(e.model, '') as model, coalesce(e.user_id, '') as user_id, e.reservation_id::text as reservation_id,
        (extract(epoch from date_bin('1 hour', e.accounted_at, timestamptz 'epoch')) * 1000)::bigint as hour_start_ms,
        (extract(epoch from e.day_start) * 1000)::bigint as day_start_ms,
        floor(extract(epoch from e.accounted_at) * 1000)::bigint as accounted_ms,
        coalesce(e.input_tokens, 0) + coalesce(e.output_tokens, 0) > 0 as has_tokens,
        not exists (select from quotel.unfolded_batches b where b.batch = e.batch) as folded,
        n.before, n.after`,
    values: [
      eventDay,
      textArray(prices.map(({ event }) => event.tenantId)),
      plainArray(prices.map(({ event }) => event.traceId)),
      plainArray(prices.map(({ event }) => event.spanId)),
      plainArray(prices.map(({ event }) => event.costNanoUsd)),
      plainArray(prices.map(({ costNanoUsd }) => costNanoUsd)),
    ],
  });
  return rows;
}
