import { hash } from "node:crypto";
import { ACTOR_TYPES, AUDIT_PREFIX, AUDIT_RESULTS } from "@quotel/conventions";
import type { AuditResult } from "@quotel/conventions";
import type { AuditEvent } from "#database/audit/audit-event";
import type { Attributes, AttributeValue } from "../../decode/attributes.ts";
import type { DecodedLog } from "../../decode/decoded-log.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";
import { tenantOf } from "../tenant/tenant-of.ts";
import { AUDIT_NAMES, EVENT_NAME_ATTRIBUTE } from "./attribute-names.ts";
import { jsonValue } from "./json-value.ts";

/** Who sent a record: the key, and the tenants it may speak for (null = any). */
export interface AuditProducer {
  readonly keyId: string;
  readonly tenants: readonly string[] | null;
}

/** What a log record comes to. Reasons are counted under their names. */
export type NormalisedLog =
  | { readonly kind: "event"; readonly event: AuditEvent }
  | { readonly kind: "ignored"; readonly reason: string }
  | {
      readonly kind: "rejected";
      readonly reason: string;
      /** With `foreign_tenant`: for whom the sender claimed to speak. */
      readonly claimedTenant?: string;
    };

/** `trial.created`, `KB.upload_failed`: words of any case, with dots between them. */
const EVENT_TYPE = /^[A-Za-z][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)*$/;
const EVENT_TYPE_LENGTH_MAX = 128;
/** Names and ids are cut here, what people wrote further on. */
const LABEL_LENGTH_MAX = 256;
const PROSE_LENGTH_MAX = 4_096;

/**
 * One log record to one audit event, when its name begins `quotel.audit.`; every other record is ignored. Pure. Without
 * a tenant it belongs to `unattributed`, like a span. Without an id of its own it is identified by a hash of what it
 * says, so two records that say the same at the same microsecond are one (I1).
 *
 * @param where where the tenant is looked for; the decoder must have kept those attributes
 */
export function normaliseLog(
  log: DecodedLog,
  producer: AuditProducer,
  where: TenantAttributes = DEFAULT_TENANT_ATTRIBUTES,
): NormalisedLog {
  const name = log.eventName === "" ? log.attributes.get(EVENT_NAME_ATTRIBUTE) : log.eventName;
  if (typeof name !== "string" || !name.startsWith(AUDIT_PREFIX)) return { kind: "ignored", reason: "no_audit_event" };
  const eventType = name.slice(AUDIT_PREFIX.length);
  if (!EVENT_TYPE.test(eventType) || eventType.length > EVENT_TYPE_LENGTH_MAX) return rejected("invalid_event_name");
  const occurredAtMicros = log.timeMicros === 0 ? log.observedMicros : log.timeMicros;
  if (occurredAtMicros === 0) return rejected("no_time");
  const tenant = tenantOf(log, producer.tenants, where);
  if (tenant.kind === "rejected") return tenant;

  const said = reader(log.attributes);
  const actorType = oneOf(ACTOR_TYPES, said("actorType"));
  if (actorType === "invalid") return rejected("invalid_actor_type");
  const result = oneOf(AUDIT_RESULTS, said("result"));
  if (result === "invalid") return rejected("invalid_result");
  const error = text(said("error"), PROSE_LENGTH_MAX);
  return {
    kind: "event",
    event: {
      tenantId: tenant.tenantId,
      auditId: text(said("id"), LABEL_LENGTH_MAX) ?? `record:${recordHash(log, name)}`,
      eventType,
      occurredAtMicros,
      entityType: text(said("entityType"), LABEL_LENGTH_MAX),
      entityId: text(said("entityId"), LABEL_LENGTH_MAX),
      action: text(said("action"), LABEL_LENGTH_MAX) ?? eventType.slice(eventType.lastIndexOf(".") + 1),
      actorType,
      actorId: text(said("actorId"), LABEL_LENGTH_MAX),
      old: jsonValue(said("old")),
      new: jsonValue(said("new")),
      summary: text(said("summary"), PROSE_LENGTH_MAX) ?? text(log.body ?? undefined, PROSE_LENGTH_MAX),
      result: result ?? resultOf(error),
      error,
      clientAddress: text(said("clientAddress"), LABEL_LENGTH_MAX),
      userAgent: text(said("userAgent"), LABEL_LENGTH_MAX),
      requestId: text(said("requestId"), LABEL_LENGTH_MAX),
      metadata: jsonValue(said("metadata")),
      omitted: log.attributes.omitted().length > 0 ? log.attributes.omitted() : null,
      producer: producer.keyId,
    },
  };
}

function reader(attributes: Attributes): (meaning: keyof typeof AUDIT_NAMES) => AttributeValue | undefined {
  return (meaning) => {
    for (const name of AUDIT_NAMES[meaning]) {
      const value = attributes.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
}

/** Everything the record says, in an order of its own. What a proxy may add on the way, to the resource, is left out. */
function recordHash(log: DecodedLog, name: string): string {
  const attributes = log.attributes.entries().sort(([a], [b]) => (a < b ? -1 : 1));
  const { timeMicros, observedMicros, severity, body, traceId, spanId } = log;
  const said = [name, timeMicros || observedMicros, severity, body, traceId, spanId, attributes];
  return hash("sha256", JSON.stringify(said));
}

function oneOf<T extends string>(known: readonly T[], value: AttributeValue | undefined): T | null | "invalid" {
  if (value === undefined || value === "") return null;
  return known.find((item) => item === value) ?? "invalid";
}

/** Absent and empty are both "not said"; a number or a boolean is what it reads as. Longer texts are cut. */
function text(value: AttributeValue | undefined, lengthMax: number): string | null {
  if (value === undefined || value === "") return null;
  const whole = String(value);
  return whole.length > lengthMax ? whole.slice(0, lengthMax) : whole;
}

function resultOf(error: string | null): AuditResult {
  return error === null ? "success" : "failure";
}

function rejected(reason: string): NormalisedLog {
  return { kind: "rejected", reason };
}
