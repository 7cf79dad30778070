import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";
import type { UsageRange } from "./usage-query.ts";

const EVENTS_MAX = 20;

export interface RecentEventRow {
  readonly eventType: string;
  readonly status: string;
  readonly endedAt: Date;
  readonly tokens: number;
  readonly model: string | null;
  readonly traceId: string;
  readonly spanId: string;
}

/** A tenant's latest events within the range. By day first: the ledger's key gives days in order, so only one is sorted. */
export async function readRecentEvents(
  pool: Pool,
  tenantId: string,
  { startMs, endMs }: UsageRange,
): Promise<RecentEventRow[]> {
  const { rows } = await query<RecentEventRow>(pool, {
    name: "read-recent-events",
    text: `
      select
        event_type as "eventType", status, ended_at as "endedAt",
        coalesce(input_tokens, 0) + coalesce(output_tokens, 0) as tokens, model, trace_id as "traceId",
        span_id as "spanId"
      from public.usage_events
      where tenant_id = $1 and ended_at >= $2 and ended_at < $3
        and event_day between ($2::timestamptz at time zone 'UTC')::date and ($3::timestamptz at time zone 'UTC')::date
      order by event_day desc, ended_at desc, trace_id, span_id
      limit $4`,
    values: [tenantId, instantOfMs(startMs), instantOfMs(endMs), EVENTS_MAX],
  });
  return rows;
}
