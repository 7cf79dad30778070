import type { ActorType, AuditResult } from "@quotel/conventions";

/** What is the same for audit events of every kind; all of it is optional. */
export interface AuditContext {
  /** Who did it. */
  readonly actor?: { readonly type: ActorType; readonly id?: string };
  /** When it happened, if not now. */
  readonly at?: Date;
  /** Identity within the tenant: an event that is recorded again under its id counts once. Default: a new one. */
  readonly auditId?: string;
  /** One sentence for people. */
  readonly summary?: string;
  /** Where the request behind it came from. */
  readonly clientAddress?: string;
  readonly userAgent?: string;
  readonly requestId?: string;
  /** Whatever else is worth keeping. Nothing here is looked through for secrets. */
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One thing that happened: what was changed, how, and how it went. */
export interface AuditDetails extends AuditContext {
  /** What was changed, by its kind and its id. */
  readonly entityType?: string;
  readonly entityId?: string;
  /** Default: the last word of the event's type. */
  readonly action?: string;
  /** The values before and after. */
  readonly old?: unknown;
  readonly new?: unknown;
  /** Default: `failure` where there is an error, else `success`. */
  readonly result?: AuditResult;
  /** What went wrong; of an Error its message. */
  readonly error?: unknown;
}
