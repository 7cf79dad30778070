import type { ActorType, AuditResult } from "@quotel/conventions";

/** A value of JSON, of any depth. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** One change that somebody made, or tried to make. Null = not said. */
export interface AuditEvent {
  /** The tenant whose trail it belongs to; its own for events of one tenant, `unattributed` for the platform's. */
  readonly tenantId: string;
  /** With the tenant the identity (I1): an event with the same one is the same event. */
  readonly auditId: string;
  /** `trial.created`, `plan.changed`, ... */
  readonly eventType: string;
  /** Microseconds since the Unix epoch. */
  readonly occurredAtMicros: number;
  readonly entityType: string | null;
  readonly entityId: string | null;
  readonly action: string;
  readonly actorType: ActorType | null;
  readonly actorId: string | null;
  readonly old: JsonValue;
  readonly new: JsonValue;
  readonly summary: string | null;
  readonly result: AuditResult;
  readonly error: string | null;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly requestId: string | null;
  readonly metadata: JsonValue;
  /** Values that were sent and are too large to be kept, by their names; null = none. */
  readonly omitted: readonly string[] | null;
  /** The key it came with, or the service that made it. */
  readonly producer: string;
}
