import type { Pool } from "pg";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import type { AuditEvent } from "#database/audit/audit-event";
import { isUnavailable } from "#database/sqlstate";
import { inTransaction } from "#database/transaction";
import { Reasons } from "../reasons.ts";
import { Attribution } from "./attribution.ts";
import { commitByHalves } from "./commit-by-halves.ts";
import { LaneFull, LaneWriters } from "./lane-writers.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";
import type { Producer, RecorderOptions } from "./recorder.ts";

/** `unavailable`: nothing that a retry could double was lost; the sender keeps the batch and sends it again. */
export type AuditOutcome =
  | { readonly kind: "committed"; readonly refused: Reasons }
  | { readonly kind: "unavailable"; readonly retryAfterSeconds: number };

export interface AuditRecorder {
  readonly counters: RecordCounters;
  /** Resolves once every event is in its tenant's chain or refused for good (I2). */
  record(events: readonly AuditEvent[], producer: Producer): Promise<AuditOutcome>;
  /** How long the oldest request has waited to be committed; 0 = none waits. */
  commitWaitMs(): number;
  /** Waits for what has been submitted. */
  close(): Promise<void>;
}

/** An event in a lane, and where to say that it was refused. */
interface Submitted {
  readonly tenantId: string;
  readonly event: AuditEvent;
  readonly refused: Reasons;
}

/** Events carry values of people's own, so a group holds fewer of them than of usage events. */
const GROUP_EVENTS_MAX = 1_000;
const RETRY_AFTER_SECONDS = 2;

/** The record stage of audit events: by lane, each group appended to its tenants' chains in one transaction. */
export function createAuditRecorder({ pool, defaultPlan, log }: RecorderOptions): AuditRecorder {
  const attribution = new Attribution(pool, defaultPlan);
  const counters = recordCounters();
  const lanes = new LaneWriters<Submitted>(
    (group) =>
      commitByHalves(
        pool,
        group,
        (part) => appendEvents(pool, part, counters, log),
        (item, error) => {
          log.warn({ err: error, tenantId: item.tenantId }, "an audit event cannot be stored");
          counters.quarantined += 1;
          item.refused.add("unstorable");
        },
      ),
    GROUP_EVENTS_MAX,
  );

  return {
    counters,
    async record(events, producer) {
      const refused = new Reasons();
      try {
        const attributed = await attribution.attributeAudit(events, producer.keyId);
        await lanes.submit(attributed.map((event) => ({ tenantId: event.tenantId, event, refused })));
        return { kind: "committed", refused };
      } catch (error) {
        if (!isUnavailable(error) && !(error instanceof LaneFull)) {
          log.error({ err: error }, "recording failed; the sender will retry");
        }
        counters.unavailable += 1;
        return { kind: "unavailable", retryAfterSeconds: RETRY_AFTER_SECONDS };
      }
    },
    commitWaitMs: () => lanes.oldestWaitMs(),
    close: () => lanes.drained(),
  };
}

async function appendEvents(
  pool: Pool,
  part: readonly Submitted[],
  counters: RecordCounters,
  log: RecorderOptions["log"],
): Promise<void> {
  const counts = await inTransaction(pool, (client) =>
    appendAuditEvents(
      client,
      part.map(({ event }) => event),
    ),
  );
  counters.accepted += counts.appended;
  counters.duplicate += counts.duplicate;
  counters.conflicting += counts.conflicting.length;
  for (const { tenantId, auditId } of counts.conflicting) {
    log.warn({ tenantId, auditId }, "an audit event says something else under a known id; the first one stays");
  }
}
