import { uuidV7 } from "../quota/client/uuid-v7.ts";
import { distinctMicros } from "../metering/clock.ts";
import { withMeter } from "../process/with-meter.ts";
import { acceptTenantId } from "../tenant/resolve.ts";
import type { AuditDetails } from "./audit-event.ts";
import { encodeAudit } from "./encode-audit.ts";

/** The collector's grammar of an event's type: words with dots between them. */
const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*$/;

/**
 * Records that something happened to a tenant, for the tamper-evident audit trail: kept in the spool like usage and counted
 * once. Never throws: what cannot be recorded is ignored, with a warning. The builders beside it (`TrialAudit`, `KBAudit`,
 * `ChatAudit`, `ConfigAudit`, `ErrorAudit`) know the usual events.
 *
 *     recordAudit("acme", "team.member_invited", {
 *       actor: { type: "tenant", id: "ann" },
 *       entityType: "member",
 *       entityId: "bob",
 *       new: { role: "admin" },
 *     });
 *
 * @param eventType words with dots between them; it arrives as `quotel.audit.<eventType>`
 */
export function recordAudit(tenantId: string, eventType: string, details: AuditDetails = {}): void {
  withMeter("recordAudit", (meter) => {
    if (!EVENT_TYPE.test(eventType)) return `${JSON.stringify(eventType)} is no event's type`;
    const atMicros = details.at === undefined ? distinctMicros() : details.at.getTime() * 1000;
    if (!Number.isSafeInteger(atMicros)) return "its time is none";
    const identity = {
      tenantId: acceptTenantId(tenantId) ?? undefined,
      auditId: details.auditId ?? uuidV7(),
      atMicros,
    };
    meter.recordItem("logs", encodeAudit(eventType, details, identity));
    return null;
  });
}
