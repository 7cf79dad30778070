import type { ClientBase } from "pg";
import { instantOfMicros } from "../../periods/instant.ts";
import { query } from "../../pool.ts";
import { STORED_COLUMNS, eventOf } from "../../record/stored-event.ts";
import type { StoredRow } from "../../record/stored-event.ts";
import type { UsageEvent } from "../../record/usage-event.ts";

/** Which events of one day of the ledger are priced again. */
export interface RepriceScope {
  /** `YYYY-MM-DD` */
  readonly eventDay: string;
  /** Ends in [fromMicros, toMicros), Unix microseconds. */
  readonly fromMicros: number;
  readonly toMicros: number;
  /** Null = all. */
  readonly tenantId: string | null;
}

/** Of one page, in primary-key order. */
const EVENTS_MAX = 5_000;

const FIRST = { tenantId: "", traceId: "0".repeat(32), spanId: `8${"0".repeat(15)}` };

/**
 * The next events of a scope that have a price or could have one, after `last` (null = from the beginning); empty = that
 * was all. What was given to another tenant is priced there.
 */
export async function readPricedPage(
  client: ClientBase,
  { eventDay, fromMicros, toMicros, tenantId }: RepriceScope,
  last: Pick<UsageEvent, "tenantId" | "traceId" | "spanId"> | null,
): Promise<UsageEvent[]> {
  const after = last ?? FIRST;
  const { rows } = await query<StoredRow>(client, {
    name: "read-priced-page",
    text: `
      select ${STORED_COLUMNS}
      from quotel.usage_events e
      where e.event_day = $1::date and e.ended_at >= $2::timestamptz and e.ended_at < $3::timestamptz
        and ($4::text is null or e.tenant_id = $4) and e.moved_to is null
        and (e.cost_nano_usd is not null or (e.provider is not null and e.model is not null))
        and (e.tenant_id, e.event_day, e.trace_id, e.span_id)
          > ($5, $1::date, $6::uuid, ('x' || $7::text)::bit(64)::bigint)
      order by e.tenant_id, e.event_day, e.trace_id, e.span_id
      limit ${EVENTS_MAX}`,
    values: [
      eventDay,
      instantOfMicros(fromMicros),
      instantOfMicros(toMicros),
      tenantId,
      after.tenantId,
      after.traceId,
      after.spanId,
    ],
  });
  return rows.map(eventOf);
}

/** How many events `readPricedPage` gives in all. */
export async function countPriced(
  client: ClientBase,
  { fromMicros, toMicros, tenantId }: Omit<RepriceScope, "eventDay">,
): Promise<number> {
  const { rows } = await query<{ events: number }>(client, {
    name: "count-priced",
    text: `
      select count(*) as events
      from quotel.usage_events e
      where e.event_day between ($1::timestamptz at time zone 'UTC')::date and ($2::timestamptz at time zone 'UTC')::date
        and e.ended_at >= $1 and e.ended_at < $2 and ($3::text is null or e.tenant_id = $3) and e.moved_to is null
        and (e.cost_nano_usd is not null or (e.provider is not null and e.model is not null))`,
    values: [instantOfMicros(fromMicros), instantOfMicros(toMicros), tenantId],
  });
  return rows[0]!.events;
}
