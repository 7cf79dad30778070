import type { Pool } from "pg";
import { plainArray, textArray } from "../array-text.ts";
import { query } from "../pool.ts";
import type { SentSignal } from "../quarantine/quarantine-item.ts";

/** A producer named a tenant that its key may not speak for. */
export interface ForeignClaim {
  readonly claimedTenant: string;
  /** How many items named it. */
  readonly items: number;
  /** The span that one of them is, or belongs to: 32 and 16 hex digits; null = none. */
  readonly traceId: string | null;
  readonly spanId: string | null;
}

/** Names of foreign tenants told apart per producer, signal and hour; what one makes up beyond that shares a row. */
const NAMES_PER_HOUR = 100;

/**
 * Counts foreign claims of a producer in the current hour (I13). A flood makes one row an hour for each name, and one for
 * all names beyond the first hundred (writers that meet may make some more). `claims` must be distinct by tenant.
 */
export async function insertSecurityEvents(
  pool: Pool,
  producerId: string,
  signal: SentSignal,
  claims: readonly ForeignClaim[],
): Promise<void> {
  if (claims.length === 0) return;
  await query(pool, {
    name: "insert-security-events",
    text: `
      with known as (
        select claimed_tenant from quotel.security_events
        where producer = $1 and signal = $7 and hour = date_trunc('hour', now(), 'UTC')
      ), claimed as (
        select c.*, exists (select from known where claimed_tenant = c.tenant) as is_known,
          row_number() over (partition by exists (select from known where claimed_tenant = c.tenant) order by c.tenant)
            + (select count(*) from known) as place
        from unnest($2::text[], $3::bigint[], $4::uuid[], $5::text[]) as c (tenant, items, trace_id, span_id)
      )
      insert into quotel.security_events as s
        (producer, signal, hour, claimed_tenant, claims, first_seen, last_seen, trace_id, span_id)
      select $1, $7, date_trunc('hour', now(), 'UTC'),
        case when is_known or place <= $6 then tenant else '__other__' end as name,
        sum(items), clock_timestamp(), clock_timestamp(), (array_agg(trace_id order by tenant))[1],
        ('x' || (array_agg(span_id order by tenant))[1])::bit(64)::bigint
      from claimed group by name order by name
      on conflict (producer, hour, claimed_tenant, signal) do update set
        claims = s.claims + excluded.claims, last_seen = excluded.last_seen`,
    values: [
      producerId,
      textArray(claims.map((claim) => claim.claimedTenant)),
      plainArray(claims.map((claim) => claim.items)),
      plainArray(claims.map((claim) => claim.traceId)),
      textArray(claims.map((claim) => claim.spanId)),
      NAMES_PER_HOUR,
      signal,
    ],
  });
}
