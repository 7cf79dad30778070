import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { insertSecurityEvents } from "#database/attribution/insert-security-events";
import type { ForeignClaim } from "#database/attribution/insert-security-events";
import { noteArrivals } from "#database/health/note-arrivals";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { refused } from "#database/quarantine/quarantine-item";

/** A span that counts for good as nothing: what it was, and why. */
export interface RefusedSpan {
  readonly reason: string;
  /** The tenant whose usage it claims to be; null = nobody's, or it cannot be told. */
  readonly tenantId: string | null;
  /** Set where the producer's key may not speak for that tenant. */
  readonly isForeign: boolean;
  readonly traceId: string;
  readonly spanId: string;
  /** Its place in its sender's numbering, and the claimed end: it arrived, so it is not missing (I12). */
  readonly bootId: string | null;
  readonly seq: number | null;
  readonly endedAtMicros: number;
  /** As JSON; null for foreign ones, of which nothing is kept. */
  readonly content: object | null;
}

/** Kept of one request; a sender of nothing but rubbish need not be written down in full. The rest is counted only. */
const KEPT_PER_REQUEST = 1_000;
const TRACE_ID = /^[0-9a-f]{32}$/;

/**
 * Keeps refused spans in quarantine; those that claim a foreign tenant become security events instead (I13). Throws when
 * the database is unavailable.
 */
export async function refuseSpans(pool: Pool, spans: readonly RefusedSpan[], producerId: string): Promise<void> {
  const foreign = spans.filter((span) => span.isForeign);
  await insertSecurityEvents(pool, producerId, claimsOf(foreign));
  await noteArrivals(
    pool,
    spans.map((span) => ({ ...span, producerId })),
  );
  const kept = spans.filter((span) => !span.isForeign).slice(0, KEPT_PER_REQUEST);
  const items = kept.map(({ reason, tenantId, traceId, content }) =>
    refused(
      {
        tenantId: tenantId ?? UNATTRIBUTED_TENANT,
        signal: "span",
        reason,
        producerId,
        traceId: TRACE_ID.test(traceId) ? traceId : null,
      },
      content ?? {},
    ),
  );
  // A request may repeat itself.
  await insertQuarantine(pool, [...new Map(items.map((item) => [item.quarantineId, item])).values()]);
}

function claimsOf(foreign: readonly RefusedSpan[]): ForeignClaim[] {
  const byTenant = Map.groupBy(foreign, (span) => span.tenantId ?? UNATTRIBUTED_TENANT);
  return [...byTenant].map(([claimedTenant, spans]) => {
    const { traceId, spanId } = spans[0]!;
    return { claimedTenant, spans: spans.length, traceId, spanId };
  });
}
