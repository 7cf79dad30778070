import * as own from "@quotel/conventions";
import { KeyTable } from "../../decode/key-table.ts";
import { tenantAttributeNames } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";

/** The older way of naming a log record's event, from before records had a field for it. */
export const EVENT_NAME_ATTRIBUTE = "event.name";

/** Every attribute an audit event is read from, by what it means; of several names the first that is there counts. */
export const AUDIT_NAMES = {
  id: [own.ATTR_QUOTEL_AUDIT_ID],
  entityType: [own.ATTR_QUOTEL_AUDIT_ENTITY_TYPE],
  entityId: [own.ATTR_QUOTEL_AUDIT_ENTITY_ID],
  action: [own.ATTR_QUOTEL_AUDIT_ACTION],
  actorType: [own.ATTR_QUOTEL_AUDIT_ACTOR_TYPE],
  actorId: [own.ATTR_QUOTEL_AUDIT_ACTOR_ID],
  old: [own.ATTR_QUOTEL_AUDIT_OLD],
  new: [own.ATTR_QUOTEL_AUDIT_NEW],
  summary: [own.ATTR_QUOTEL_AUDIT_SUMMARY],
  result: [own.ATTR_QUOTEL_AUDIT_RESULT],
  error: [own.ATTR_QUOTEL_AUDIT_ERROR],
  clientAddress: [own.ATTR_QUOTEL_AUDIT_CLIENT_ADDRESS, "client.address"],
  userAgent: [own.ATTR_QUOTEL_AUDIT_USER_AGENT, "user_agent.original"],
  requestId: [own.ATTR_QUOTEL_AUDIT_REQUEST_ID],
  metadata: [own.ATTR_QUOTEL_AUDIT_METADATA],
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
