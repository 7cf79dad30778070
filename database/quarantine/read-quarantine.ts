import type { Pool } from "pg";
import { query } from "../pool.ts";
import type { QuarantinedSignal } from "./quarantine-item.ts";

/** A row of the quarantine. */
export interface Quarantined {
  readonly quarantineId: string;
  readonly tenantId: string;
  readonly signal: QuarantinedSignal;
  readonly reason: string;
  readonly producerId: string;
  readonly receivedAtMs: number;
  readonly traceId: string | null;
  readonly payload: unknown;
  /** Null = it waits. */
  readonly resolvedAtMs: number | null;
  readonly resolution: "replayed" | "counted_since" | "discarded" | null;
  readonly discardReason: string | null;
}

/** Which rows; absent = any. */
export interface QuarantineFilter {
  readonly quarantineId?: string | undefined;
  readonly reason?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Rows that wait no more, too. Default false. */
  readonly resolved?: boolean;
}

/** Select list of a `Quarantined`, for a query over `quotel.quarantine q`. */
export const QUARANTINED_COLUMNS = `
  q.quarantine_id::text as "quarantineId", q.tenant_id as "tenantId", q.signal, q.reason, q.producer as "producerId",
  (extract(epoch from q.received_at) * 1000)::bigint as "receivedAtMs", replace(q.trace_id::text, '-', '') as "traceId",
  q.payload, (extract(epoch from q.resolved_at) * 1000)::bigint as "resolvedAtMs", q.resolution,
  q.discard_reason as "discardReason"`;

/** The youngest rows, with their payload. */
export async function readQuarantine(pool: Pool, filter: QuarantineFilter, limit: number): Promise<Quarantined[]> {
  const { rows } = await query<Quarantined>(pool, {
    name: "read-quarantine",
    text: `
      select ${QUARANTINED_COLUMNS}
      from quotel.quarantine q
      where ($1::uuid is null or q.quarantine_id = $1) and ($2::text is null or q.reason = $2)
        and ($3::text is null or q.tenant_id = $3) and ($4 or q.resolved_at is null)
      order by q.received_at desc, q.quarantine_id
      limit $5`,
    values: [filter.quarantineId, filter.reason, filter.tenantId, filter.resolved ?? false, limit],
  });
  return rows;
}
