/**
 * Audit events on the wire: OTLP log records whose event name begins with `AUDIT_PREFIX`. Their tenant is
 * `ATTR_QUOTEL_TENANT_ID`; what each attribute may hold is in README.md.
 */

/** What every audit event's name begins with; the rest is its type: `quotel.audit.trial.created`. */
export const AUDIT_PREFIX = "quotel.audit.";

/** Identity with the tenant (I1). Without it a hash of the record stands in: two that say the same are one. */
export const ATTR_QUOTEL_AUDIT_ID = "quotel.audit.id";
/** What was changed, by its kind and its id. */
export const ATTR_QUOTEL_AUDIT_ENTITY_TYPE = "quotel.audit.entity.type";
export const ATTR_QUOTEL_AUDIT_ENTITY_ID = "quotel.audit.entity.id";
/** What was done; the last word of the event's type unless given. */
export const ATTR_QUOTEL_AUDIT_ACTION = "quotel.audit.action";
/** Who did it: one of `ACTOR_TYPES`, and an id. */
export const ATTR_QUOTEL_AUDIT_ACTOR_TYPE = "quotel.audit.actor.type";
export const ATTR_QUOTEL_AUDIT_ACTOR_ID = "quotel.audit.actor.id";
/** The values before and after, as a map, an array or JSON text. */
export const ATTR_QUOTEL_AUDIT_OLD = "quotel.audit.old";
export const ATTR_QUOTEL_AUDIT_NEW = "quotel.audit.new";
/** One sentence for people; the record's body unless given. */
export const ATTR_QUOTEL_AUDIT_SUMMARY = "quotel.audit.summary";
/** One of `AUDIT_RESULTS`; without it `failure` where there is an error, else `success`. */
export const ATTR_QUOTEL_AUDIT_RESULT = "quotel.audit.result";
export const ATTR_QUOTEL_AUDIT_ERROR = "quotel.audit.error";
/** Where the request behind the change came from. */
export const ATTR_QUOTEL_AUDIT_CLIENT_ADDRESS = "quotel.audit.client.address";
export const ATTR_QUOTEL_AUDIT_USER_AGENT = "quotel.audit.user_agent.original";
export const ATTR_QUOTEL_AUDIT_REQUEST_ID = "quotel.audit.request.id";
/** Whatever else is worth keeping, as a map, an array or JSON text. */
export const ATTR_QUOTEL_AUDIT_METADATA = "quotel.audit.metadata";

/** Who acted: the platform itself, an administrator of it, somebody of the tenant, or a visitor of the tenant's. */
export const ACTOR_TYPES = ["system", "admin", "tenant", "visitor"] as const;
export type ActorType = (typeof ACTOR_TYPES)[number];

export const AUDIT_RESULTS = ["success", "failure", "partial"] as const;
export type AuditResult = (typeof AUDIT_RESULTS)[number];
