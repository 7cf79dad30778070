import type { Pool } from "pg";
import { insertSecurityEvents } from "#database/attribution/insert-security-events";
import { appendAuditEvents } from "#database/audit/append-audit-events";
import { addDenials } from "#database/denials/add-denials";
import { noteArrivals } from "#database/health/note-arrivals";
import { noteHeartbeats } from "#database/health/note-heartbeats";
import { reportInstance } from "#database/health/report-instance";
import { recordPoints } from "#database/levels/record-points";
import { insertQuarantine } from "#database/quarantine/insert-quarantine";
import { asSent } from "#database/quarantine/quarantine-item";
import { foldRollups } from "#database/rollups/fold";
import { inTransaction } from "#database/transaction";
import { auditEventOf } from "../database/audit/audit-event-of.ts";

/** A pipeline at work and in trouble, beside the usage of `recordUsage`: something of all that the dashboards show. */
export async function recordOperation(owner: Pool, writer: Pool, now: Date): Promise<void> {
  await recordProducers(writer, now);
  await recordRefusals(owner, writer);
  await recordDenials(writer, now);
  await recordReservations(owner, now);
  await recordLevels(owner, writer, now);
  await recordAudit(writer, now);
  await foldRollups(writer);
}

/** web has all its 3 records there; worker lacks record 2 and tells of more; old-worker never tells anything. */
async function recordProducers(writer: Pool, now: Date): Promise<void> {
  const endedAtMicros = now.getTime() * 1000 - 1_000_000;
  const arrival = (bootId: string, seq: number) => ({ producerId: "ingest", bootId, seq, endedAtMicros });
  await noteArrivals(
    writer,
    [arrival("web-run", 1), arrival("web-run", 2), arrival("web-run", 3), arrival("worker-run", 1)].concat([
      arrival("worker-run", 3),
      arrival("old-run", 1),
    ]),
  );
  const quiet = { recorded: 3, acknowledged: 2, waiting: 1, dropped: 0, damaged: 0, quarantined: 0, rejected: 0 };
  const alone = { fail_open: 4, fail_closed: 0, retries: 2, damaged: 1, dropped: 1 };
  await noteHeartbeats(writer, [
    { ...arrival("web-run", 3), service: "web", counters: { ...quiet, fail_open: 0, fail_closed: 0 } },
    { ...arrival("worker-run", 3), service: "worker", counters: { ...quiet, ...alone } },
  ]);
  await reportInstance(
    writer,
    { instanceId: "00000000-0000-4000-8000-000000000000", host: "one", startedAt: now },
    { "spans_rejected.no_end_time": 2, "spans_ignored.no_usage": 9, spans_received: 20 },
  );
}

async function recordRefusals(owner: Pool, writer: Pool): Promise<void> {
  const refused = (reason: string, n: number) =>
    asSent({ signal: "span", tenantId: "acme", reason, producerId: "ingest", traceId: null }, { n });
  await insertQuarantine(writer, [refused("no_end_time", 1), refused("no_end_time", 2), refused("invalid_amount", 3)]);
  await insertSecurityEvents(writer, "acme-key", "span", [
    { claimedTenant: "globex", items: 5, traceId: null, spanId: null },
  ]);
  await owner.query(
    `insert into quotel.invariant_findings (kind, tenant_id, key, expected, found, first_seen_at, seen_at, cleared_at)
     values ('rollup_drift', 'acme', 'tokens', 900, 890, now(), now(), null),
       ('hold_drift', 'acme', 'gone', 1, 2, now(), now(), now())`,
  );
}

async function recordDenials(writer: Pool, now: Date): Promise<void> {
  const minuteMs = Math.floor(now.getTime() / 60_000) * 60_000;
  const denied = { resource: "tokens", minuteMs, reason: "QUOTA_EXCEEDED" } as const;
  await inTransaction(writer, (client) =>
    addDenials(client, [
      { ...denied, tenantId: "acme", denials: 7 },
      { ...denied, tenantId: "acme", minuteMs: minuteMs - 60_000, denials: 1 },
      { ...denied, tenantId: "globex", resource: "api_calls", reason: "RATE_LIMITED", denials: 2 },
    ]),
  );
}

/** acme: one open for two minutes over two resources, one kept; globex: one closed, one released. */
async function recordReservations(owner: Pool, now: Date): Promise<void> {
  await owner.query(
    `insert into quotel.reservations (tenant_id, reservation_id, state, admitted_at, day_start, month_start, expires_at,
       resources, estimates, true_amounts, settled, held, late_after_expiry)
     values
       ('acme', '0198a000-0000-7000-8000-000000000001', 'open', $1::timestamptz - interval '2 minutes', $1, $1,
         $1::timestamptz + interval '1 minute', '{tokens,api_calls}', '{50,1}', null, '{20,0}', '{30,1}', '{0,0}'),
       ('acme', '0198a000-0000-7000-8000-000000000002', 'kept', $1, $1, $1, $1::timestamptz + interval '1 day', '{tokens}',
         '{10}', null, '{0}', '{10}', '{0}'),
       ('globex', '0198a000-0000-7000-8000-000000000003', 'closed', $1, $1, $1, $1::timestamptz + interval '1 minute',
         '{tokens}', '{10}', '{5}', '{5}', '{0}', '{0}'),
       ('globex', '0198a000-0000-7000-8000-000000000004', 'released', $1, $1, $1, null, '{tokens}', '{9}', null, '{0}',
         '{0}', '{0}')`,
    [now],
  );
}

/** acme has 8 of 10 members, after 9 a minute ago; globex, without a limit, 3. */
async function recordLevels(owner: Pool, writer: Pool, now: Date): Promise<void> {
  await owner.query(
    `insert into quotel.plan_limits (plan_id, version, resource, period, amount) values ('small', 1, 'members', 'level', 10)`,
  );
  const sample = (tenantId: string, value: number, ageMs: number) => {
    const sampledAtMicros = (now.getTime() - ageMs) * 1000;
    return {
      producerId: "ingest",
      receivedAtMicros: now.getTime() * 1000,
      point: {
        tenantId,
        resource: "members",
        kind: "gauge" as const,
        stream: `0000000${tenantId.length}-0000-4000-8000-000000000000`,
        startedAtMicros: 0,
        sampledAtMicros,
        accountedAtMicros: sampledAtMicros,
        value,
      },
    };
  };
  await inTransaction(writer, (client) =>
    recordPoints(client, [sample("acme", 9, 60_000), sample("acme", 8, 0), sample("globex", 3, 0)]),
  );
}

async function recordAudit(writer: Pool, now: Date): Promise<void> {
  const occurredAtMicros = (now.getTime() - 1_000) * 1000;
  await inTransaction(writer, (client) =>
    appendAuditEvents(client, [
      auditEventOf("changed", { occurredAtMicros }),
      auditEventOf("failed", { occurredAtMicros: occurredAtMicros + 1_000, result: "failure", error: "no such plan" }),
      auditEventOf("dealt with", { occurredAtMicros, eventType: "chat.failed", result: "failure", error: "timeout" }),
    ]),
  );
  await writer.query(
    `select public.resolve_audit_event(id, 'called them') from public.audit_events where event_type = 'chat.failed'`,
  );
}
