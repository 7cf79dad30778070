import type { ExplainedEvent } from "@quotel/conventions";
import type { Pool } from "pg";
import { instantOfMs } from "#database/periods/instant";
import { query } from "#database/pool";

/** Dedupe memory: no event of work admitted at an instant can end further from it and still be recorded. */
const HORIZON_DAYS = 31;

type Row = Omit<ExplainedEvent, "endedAt" | "costNanoUsd"> & { endedAt: Date; costNanoUsd: number | null };

/**
 * The ledger's events that name a reservation, the earliest first, `limit` at most. The ledger's key gives the tenant's
 * days; within them every event is looked at, which takes its time for a busy tenant and is for people, not for traffic.
 */
export async function readEventsOf(
  pool: Pool,
  reservation: { readonly tenantId: string; readonly reservationId: string; readonly admittedAtMs: number },
  limit: number,
): Promise<ExplainedEvent[]> {
  const { rows } = await query<Row>(pool, {
    name: "read-events-of-reservation",
    text: `
      select event_type as "eventType", status, resource, amount, coalesce(input_tokens, 0) as "inputTokens",
        coalesce(output_tokens, 0) as "outputTokens", cost_nano_usd as "costNanoUsd", provider, model,
        ended_at as "endedAt", trace_id as "traceId", span_id as "spanId"
      from public.usage_events
      where tenant_id = $1 and reservation_id = $2
        and event_day between ($3::timestamptz at time zone 'UTC')::date - $4::integer
          and ($3::timestamptz at time zone 'UTC')::date + $4::integer
      order by ended_at, trace_id, span_id
      limit $5`,
    values: [
      reservation.tenantId,
      reservation.reservationId,
      instantOfMs(reservation.admittedAtMs),
      HORIZON_DAYS,
      limit,
    ],
  });
  return rows.map((row) => ({
    ...row,
    endedAt: row.endedAt.toISOString(),
    costNanoUsd: row.costNanoUsd === null ? null : String(row.costNanoUsd),
  }));
}
