import {
  ATTR_QUOTEL_AUDIT_ACTION,
  ATTR_QUOTEL_AUDIT_ACTOR_ID,
  ATTR_QUOTEL_AUDIT_ACTOR_TYPE,
  ATTR_QUOTEL_AUDIT_CLIENT_ADDRESS,
  ATTR_QUOTEL_AUDIT_ENTITY_ID,
  ATTR_QUOTEL_AUDIT_ENTITY_TYPE,
  ATTR_QUOTEL_AUDIT_ERROR,
  ATTR_QUOTEL_AUDIT_ID,
  ATTR_QUOTEL_AUDIT_METADATA,
  ATTR_QUOTEL_AUDIT_NEW,
  ATTR_QUOTEL_AUDIT_OLD,
  ATTR_QUOTEL_AUDIT_REQUEST_ID,
  ATTR_QUOTEL_AUDIT_RESULT,
  ATTR_QUOTEL_AUDIT_SUMMARY,
  ATTR_QUOTEL_AUDIT_USER_AGENT,
  ATTR_QUOTEL_TENANT_ID,
  AUDIT_PREFIX,
} from "@quotel/conventions";

import { encodeAttributes } from "../metering/encode/encode-attributes.ts";
import type { AuditDetails } from "./audit-event.ts";

/** What makes an event one, fixed when it is recorded: every delivery of it has the same identity and bytes (I1). */
export interface AuditIdentity {
  /** Undefined: nobody known. */
  readonly tenantId: string | undefined;
  readonly auditId: string;
  /** Microseconds since the Unix epoch. */
  readonly atMicros: number;
}

/** OTLP's SEVERITY_NUMBER_INFO. */
const INFO = 9;

/** The event as one OTLP/JSON log record. Pure. Throws where `old`, `new` or `metadata` is no JSON. */
export function encodeAudit(eventType: string, details: AuditDetails, identity: AuditIdentity): string {
  const attributes = encodeAttributes({
    [ATTR_QUOTEL_TENANT_ID]: identity.tenantId,
    [ATTR_QUOTEL_AUDIT_ID]: identity.auditId,
    [ATTR_QUOTEL_AUDIT_ENTITY_TYPE]: details.entityType,
    [ATTR_QUOTEL_AUDIT_ENTITY_ID]: details.entityId,
    [ATTR_QUOTEL_AUDIT_ACTION]: details.action,
    [ATTR_QUOTEL_AUDIT_ACTOR_TYPE]: details.actor?.type,
    [ATTR_QUOTEL_AUDIT_ACTOR_ID]: details.actor?.id,
    [ATTR_QUOTEL_AUDIT_OLD]: structured(details.old),
    [ATTR_QUOTEL_AUDIT_NEW]: structured(details.new),
    [ATTR_QUOTEL_AUDIT_SUMMARY]: details.summary,
    [ATTR_QUOTEL_AUDIT_RESULT]: details.result,
    [ATTR_QUOTEL_AUDIT_ERROR]: errorText(details.error),
    [ATTR_QUOTEL_AUDIT_CLIENT_ADDRESS]: details.clientAddress,
    [ATTR_QUOTEL_AUDIT_USER_AGENT]: details.userAgent,
    [ATTR_QUOTEL_AUDIT_REQUEST_ID]: details.requestId,
    [ATTR_QUOTEL_AUDIT_METADATA]: structured(details.metadata),
  });
  const name = JSON.stringify(AUDIT_PREFIX + eventType);
  return `{"timeUnixNano":"${identity.atMicros}000","severityNumber":${INFO},"eventName":${name},"attributes":${attributes}}`;
}

/** As JSON text where it is a map or an array; the collector reads that as what it is. */
function structured(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

function errorText(error: unknown): string | undefined {
  if (error instanceof Error) return error.message || error.name;
  return typeof error === "string" ? error : structured(error)?.toString();
}
