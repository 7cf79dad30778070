import { randomUUIDv7 } from "node:crypto";
import type { ActorType } from "@quotel/conventions";
import type { AuditEvent, JsonValue } from "./audit-event.ts";

/** Who changes something through quotel itself. */
export interface Actor {
  readonly type: ActorType;
  /** The id of a key, or the name of an operator's account. */
  readonly id: string;
  /** The part of quotel it went through. */
  readonly producer: string;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
}

/** A change of a plan, an override, a tenant: what was and what is. */
export interface AdministrativeChange {
  /** `unattributed` for what belongs to no tenant, such as a plan. */
  readonly tenantId: string;
  readonly entityType: "plan" | "override" | "tenant";
  readonly entityId: string;
  readonly action: "created" | "changed" | "revoked";
  readonly old: JsonValue;
  readonly new: JsonValue;
  /** One sentence for people. */
  readonly summary: string;
}

/** The audit event of a change made at `atMs`. Every call is an event of its own. */
export function auditEventOfChange(change: AdministrativeChange, actor: Actor, atMs: number): AuditEvent {
  const { entityType, action } = change;
  return {
    ...change,
    auditId: randomUUIDv7(),
    eventType: `${entityType}.${action}`,
    occurredAtMicros: atMs * 1000,
    actorType: actor.type,
    actorId: actor.id,
    result: "success",
    error: null,
    clientAddress: actor.clientAddress,
    userAgent: actor.userAgent,
    requestId: null,
    metadata: null,
    omitted: null,
    producer: actor.producer,
  };
}
