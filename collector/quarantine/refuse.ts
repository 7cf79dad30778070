import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { Pool } from "pg";
import { insertSecurityEvents } from "#database/attribution/insert-security-events";
import type { ForeignClaim } from "#database/attribution/insert-security-events";
import { noteArrivals } from "#database/health/note-arrivals";
import { noteHeartbeats } from "#database/health/note-heartbeats";
import type { Heartbeat } from "#database/health/note-heartbeats";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { asSent } from "#database/quarantine/quarantine-item";
import { orUnavailable } from "../record/or-unavailable.ts";
import type { Producer, RecordOutcome } from "../record/recorder.ts";
import type { RefusedItem } from "./refused-item.ts";

/**
 * Resolves once the items of a request, all of one signal, are kept in quarantine or, where they claim a foreign tenant,
 * noted as security events (I13); of those without content it is noted that they arrived and what they tell (I12).
 */
export type Refuse = (items: readonly RefusedItem[], producer: Producer) => Promise<RecordOutcome>;

/** Kept of one request; a sender of nothing but rubbish need not be written down in full. The rest is counted only. */
const KEPT_PER_REQUEST = 1_000;
const TRACE_ID = /^[0-9a-f]{32}$/;
const SPAN_ID = /^[0-9a-f]{16}$/;

export function createRefuse(pool: Pool, log: { error(details: object, message: string): void }): Refuse {
  return (items, { keyId }) =>
    orUnavailable(async (): Promise<RecordOutcome> => {
      const foreign = items.filter((item) => item.isForeign);
      const kept = items.filter((item) => !item.isForeign && item.content !== null);
      if (foreign.length > 0) await insertSecurityEvents(pool, keyId, foreign[0]!.signal, claimsOf(foreign));
      await noteArrivals(
        pool,
        items.map((item) => ({ ...item, producerId: keyId })),
      );
      await noteHeartbeats(
        pool,
        items.flatMap((item) => heartbeatIn(item, keyId)),
      );
      await keep(pool, kept.slice(0, KEPT_PER_REQUEST), keyId);
      return { kind: "committed" };
    }, log);
}

async function keep(pool: Pool, items: readonly RefusedItem[], producerId: string): Promise<void> {
  await insertQuarantine(
    pool,
    items.map(({ signal, reason, tenantId, traceId, content }) =>
      asSent(
        { signal, tenantId: tenantId ?? UNATTRIBUTED_TENANT, reason, producerId, traceId: matching(TRACE_ID, traceId) },
        content ?? {},
      ),
    ),
  );
}

function heartbeatIn({ bootId, seq, endedAtMicros, told }: RefusedItem, producerId: string): Heartbeat[] {
  if (!told || bootId === null || seq === null) return [];
  return [{ producerId, bootId, seq, endedAtMicros, ...told }];
}

function claimsOf(foreign: readonly RefusedItem[]): ForeignClaim[] {
  const byTenant = Map.groupBy(foreign, (item) => item.tenantId ?? UNATTRIBUTED_TENANT);
  return [...byTenant].map(([claimedTenant, items]) => {
    const { traceId, spanId } = items[0]!;
    return {
      claimedTenant,
      items: items.length,
      traceId: matching(TRACE_ID, traceId),
      spanId: matching(SPAN_ID, spanId),
    };
  });
}

function matching(pattern: RegExp, id: string): string | null {
  return pattern.test(id) ? id : null;
}
