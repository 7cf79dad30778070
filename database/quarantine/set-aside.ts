import type { AuditEvent } from "../audit/audit-event.ts";
import { auditFingerprintOf, eventIdOf } from "../audit/chain.ts";
import { cleanJson } from "../audit/clean-json.ts";
import { pointIdentity } from "../levels/metric-point.ts";
import type { MetricPoint } from "../levels/metric-point.ts";
import { fingerprintOf } from "../record/fingerprint.ts";
import { identityOf } from "../record/ledger-row.ts";
import type { LedgerRow } from "../record/ledger-row.ts";
import { payloadOf, quarantineIdOf } from "./quarantine-item.ts";
import type { QuarantineItem, SetAsideReason } from "./quarantine-item.ts";

/** A usage event to be kept aside. */
export function setAsideEvent(row: LedgerRow, reason: SetAsideReason): QuarantineItem {
  return {
    quarantineId: eventItemId(row),
    tenantId: row.event.tenantId,
    signal: "event",
    reason,
    producerId: row.producerId,
    traceId: row.event.traceId,
    payload: payloadOf(row.event),
  };
}

/** A metric point to be kept aside. */
export function setAsidePoint(point: MetricPoint, producerId: string, reason: SetAsideReason): QuarantineItem {
  return {
    quarantineId: pointItemId(point),
    tenantId: point.tenantId,
    signal: "point",
    reason,
    producerId,
    traceId: null,
    payload: payloadOf(point),
  };
}

/** An audit event to be kept aside. */
export function setAsideAudit(event: AuditEvent, reason: SetAsideReason): QuarantineItem {
  // What people log may be nested deeper than Postgres reads.
  const { old, new: changed, metadata } = event;
  const storable = { ...event, old: cleanJson(old), new: cleanJson(changed), metadata: cleanJson(metadata) };
  return {
    quarantineId: auditItemId(event),
    tenantId: event.tenantId,
    signal: "audit",
    reason,
    producerId: event.producer,
    traceId: null,
    payload: payloadOf(storable),
  };
}

/** The id under which a usage event is, or would be, in quarantine: of what its sender claims, not what we made of it. */
export function eventItemId(row: LedgerRow): string {
  return quarantineIdOf("event", identityOf(row), fingerprintOf(row.event));
}

/** The same of a point. When it is accounted is left out: that depends on its receipt. */
export function pointItemId(point: MetricPoint): string {
  return quarantineIdOf("point", pointIdentity(point), point.kind, point.resource, point.value);
}

/** The same of an audit event. */
export function auditItemId(event: AuditEvent): string {
  return quarantineIdOf("audit", eventIdOf(event), auditFingerprintOf(event));
}
