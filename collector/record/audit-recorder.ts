import type { Pool } from "pg";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import type { AuditEvent } from "#database/audit/audit-event";
import { closeCounted, tenantsThatWait } from "#database/quarantine/close-counted";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import type { SetAsideReason } from "#database/quarantine/quarantine-item";
import { auditItemId, setAsideAudit } from "#database/quarantine/set-aside";
import { inTransaction } from "#database/transaction";
import { Metrics } from "../observe/metrics.ts";
import { Reasons } from "../reasons.ts";
import { Attribution } from "./attribution.ts";
import { commitByHalves } from "./commit-by-halves.ts";
import { isInFuture } from "./horizon.ts";
import { LaneWriters } from "./lane-writers.ts";
import { orUnavailable } from "./or-unavailable.ts";
import type { Unavailable } from "./or-unavailable.ts";
import { recordCounters } from "./record-counters.ts";
import type { RecordCounters } from "./record-counters.ts";
import type { Producer, RecorderOptions } from "./recorder.ts";

export type AuditOutcome = { readonly kind: "committed"; readonly refused: Reasons } | Unavailable;

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

/**
 * The record stage of audit events: what is from the future is kept in quarantine, the rest goes by lane, each group
 * appended to its tenants' chains in one transaction. Events may come late, since nothing is summed by their time.
 */
export function createAuditRecorder({
  pool,
  defaultPlan,
  log,
  metrics = new Metrics(),
}: RecorderOptions): AuditRecorder {
  const attribution = new Attribution(pool, defaultPlan);
  const counters = recordCounters();
  const refuse = async (aside: readonly Submitted[], reason: SetAsideReason): Promise<void> => {
    await keepAside(pool, aside, reason);
    counters.quarantined += aside.length;
    for (const { refused } of aside) refused.add(reason);
  };
  const lanes = new LaneWriters<Submitted>(async (group) => {
    const startMs = performance.now();
    await commitByHalves(
      pool,
      group,
      (part) => appendEvents(pool, part, counters),
      (item, error) => {
        log.warn({ err: error, tenantId: item.tenantId }, "an audit event cannot be stored");
        return refuse([item], "unstorable");
      },
    );
    metrics.committed("logs", group.length, performance.now() - startMs);
  }, GROUP_EVENTS_MAX);

  return {
    counters,
    async record(events, { keyId }) {
      const refused = new Reasons();
      const nowMicros = Date.now() * 1000;
      metrics.received(
        "logs",
        nowMicros,
        events.reduce((oldest, event) => Math.min(oldest, event.occurredAtMicros), Infinity),
      );
      const outcome = await orUnavailable(async (): Promise<AuditOutcome> => {
        const attributed = await attribution.attributeAudit(events, keyId);
        const items = attributed.map((event) => ({ tenantId: event.tenantId, event, refused }));
        const isAhead = ({ event }: Submitted): boolean => isInFuture(event.occurredAtMicros, nowMicros);
        await lanes.submit(items.filter((item) => !isAhead(item)));
        await refuse(items.filter(isAhead), "in_future");
        return { kind: "committed", refused };
      }, log);
      if (outcome.kind === "unavailable") counters.unavailable += 1;
      return outcome;
    },
    commitWaitMs: () => lanes.oldestWaitMs(),
    close: () => lanes.drained(),
  };
}

async function appendEvents(pool: Pool, part: readonly Submitted[], counters: RecordCounters): Promise<void> {
  const counts = await inTransaction(pool, async (client) => {
    const counted = await appendAuditEvents(
      client,
      part.map(({ event }) => event),
    );
    const waiting = await tenantsThatWait(client, new Set(counted.appended.map(({ tenantId }) => tenantId)));
    await closeCounted(client, counted.appended, waiting, { tenantOf: ({ tenantId }) => tenantId, idOf: auditItemId });
    return counted;
  });
  // Not in the transaction: should this fail, the events come again and contradict again.
  const contradicting = new Set(counts.conflicting);
  const conflicts = part.filter(({ event }) => contradicting.has(event));
  await keepAside(pool, conflicts, "conflict");
  counters.accepted += counts.appended.length;
  counters.duplicate += counts.duplicate;
  counters.conflicting += counts.conflicting.length;
}

async function keepAside(pool: Pool, aside: readonly Submitted[], reason: SetAsideReason): Promise<void> {
  await insertQuarantine(
    pool,
    aside.map(({ event }) => setAsideAudit(event, reason)),
  );
}
