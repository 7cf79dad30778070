import type { AuditEvent } from "#database/audit/audit-event";

/** A change of a plan by an administrator, with other fields as given. */
export function auditEventOf(auditId: string, fields: Partial<AuditEvent> = {}): AuditEvent {
  return {
    tenantId: "acme",
    auditId,
    eventType: "plan.changed",
    occurredAtMicros: 1_790_000_000_123_456,
    entityType: "plan",
    entityId: "pro",
    action: "changed",
    actorType: "admin",
    actorId: "ann@example.com",
    old: { plan: "trial" },
    new: { plan: "pro", seats: [1, 2] },
    summary: "trial became pro",
    result: "success",
    error: null,
    clientAddress: "192.0.2.7",
    userAgent: "curl/8",
    requestId: "r-1",
    metadata: null,
    omitted: null,
    producer: "test",
    ...fields,
  };
}
