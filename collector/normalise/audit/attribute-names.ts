import { KeyTable } from "../../decode/key-table.ts";
import { tenantAttributeNames } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";

/** What every audit event's name begins with; the rest is its type. */
export const AUDIT_PREFIX = "quotel.audit.";

/** The older way of naming a log record's event, from before records had a field for it. */
export const EVENT_NAME_ATTRIBUTE = "event.name";

/** Every attribute an audit event is read from, by what it means; of several names the first that is there counts. */
export const AUDIT_NAMES = {
  id: ["quotel.audit.id"],
  entityType: ["quotel.audit.entity.type"],
  entityId: ["quotel.audit.entity.id"],
  action: ["quotel.audit.action"],
  actorType: ["quotel.audit.actor.type"],
  actorId: ["quotel.audit.actor.id"],
  old: ["quotel.audit.old"],
  new: ["quotel.audit.new"],
  summary: ["quotel.audit.summary"],
  result: ["quotel.audit.result"],
  error: ["quotel.audit.error"],
  clientAddress: ["quotel.audit.client.address", "client.address"],
  userAgent: ["quotel.audit.user_agent.original", "user_agent.original"],
  requestId: ["quotel.audit.request.id"],
  metadata: ["quotel.audit.metadata"],
} as const satisfies Record<string, readonly string[]>;

/** What the decoders have to keep of a log record, but for its tenant. */
export const READ_LOG_ATTRIBUTES: readonly string[] = [EVENT_NAME_ATTRIBUTE, ...Object.values(AUDIT_NAMES).flat()];

/** Attributes whose value may be an array or a map. */
export const STRUCTURED_LOG_ATTRIBUTES: readonly string[] = [
  ...AUDIT_NAMES.old,
  ...AUDIT_NAMES.new,
  ...AUDIT_NAMES.metadata,
];

/**
 * The table by which the decoders know what to keep of a record and its resource, where the tenant is looked for in
 * `tenants`.
 */
export function logKeys(tenants: TenantAttributes): KeyTable {
  return new KeyTable([...READ_LOG_ATTRIBUTES, ...tenantAttributeNames(tenants)], {
    structured: STRUCTURED_LOG_ATTRIBUTES,
  });
}
