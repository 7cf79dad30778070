import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import type { SentSignal } from "#database/quarantine/quarantine-item";
import { cleanLabel } from "#database/record/clean-text";
import type { Attributes } from "../decode/attributes.ts";
import type { DecodedLog } from "../decode/decoded-log.ts";
import type { DecodedPoint } from "../decode/decoded-point.ts";
import type { DecodedSpan } from "../decode/decoded-span.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import { heartbeatOf } from "../normalise/heartbeat.ts";
import type { ToldCounters } from "../normalise/heartbeat.ts";
import { tenantOf } from "../normalise/tenant/tenant-of.ts";
import { SLOT, Slots } from "../normalise/usage/attributes/slots.ts";
import { timeProblem } from "../normalise/usage/identity.ts";
import { seqOf } from "../normalise/usage/normalise.ts";
import { contentOfDataPoint } from "./content/data-point.ts";
import { contentOfLogRecord } from "./content/log-record.ts";
import { contentOfSpan } from "./content/span.ts";

/** Something that counts for good as nothing: what it was, and why. */
export interface RefusedItem {
  readonly signal: SentSignal;
  readonly reason: string;
  /** The tenant whose usage, level or trail it claims to be of; null = nobody's, or it cannot be told. */
  readonly tenantId: string | null;
  /** Set where the producer's key may not speak for that tenant. */
  readonly isForeign: boolean;
  /** The span that it is, or belongs to, as it was sent; "" = none. */
  readonly traceId: string;
  readonly spanId: string;
  /** Its place in its sender's numbering, and the claimed end: it arrived, so it is not missing (I12). */
  readonly bootId: string | null;
  readonly seq: number | null;
  readonly endedAtMicros: number;
  /** As JSON; null = nothing of it is kept: it is foreign, or no fault of its sender. */
  readonly content: object | null;
  /** What it tells of its sender. */
  readonly told?: ToldCounters | null;
}

/** What a normaliser said of it. */
interface Rejection {
  readonly reason: string;
  /** With `foreign_tenant`. */
  readonly claimedTenant?: string;
}

/** The tenants that the producer's key may speak for; null = any. */
interface Speaker {
  readonly tenants: readonly string[] | null;
}

export function refusedSpan(
  span: DecodedSpan,
  rejection: Rejection,
  producer: Speaker,
  where: TenantAttributes,
): RefusedItem {
  return {
    signal: "span",
    ...claimOf(span, rejection, producer, where),
    traceId: span.traceId,
    spanId: span.spanId,
    ...placeOf(span),
    content: rejection.claimedTenant === undefined ? contentOfSpan(span) : null,
  };
}

/**
 * A span that is no event of ours: only that it arrived is noted and, of a heartbeat, what it tells. Null where its sender
 * does not number its records.
 */
export function ignoredSpan(span: DecodedSpan, reason: string): RefusedItem | null {
  const place = placeOf(span);
  if (place.bootId === null || place.seq === null) return null;
  const { traceId, spanId } = span;
  const told = heartbeatOf(span);
  return { signal: "span", reason, tenantId: null, isForeign: false, traceId, spanId, ...place, content: null, told };
}

function placeOf(span: DecodedSpan): Pick<RefusedItem, "bootId" | "seq" | "endedAtMicros"> {
  const slots = new Slots(span.attributes);
  const bootId = slots.label(SLOT.boot) ?? new Slots(span.resource).label(SLOT.boot);
  // An end that is none has no place in time; one that is absurd has none either.
  const isNumbered = timeProblem(span) === null;
  return {
    bootId: isNumbered && bootId !== null ? cleanLabel(bootId) : null,
    seq: seqOf(slots),
    endedAtMicros: span.endMicros,
  };
}

export function refusedDataPoint(
  point: DecodedPoint,
  rejection: Rejection,
  producer: Speaker,
  where: TenantAttributes,
): RefusedItem {
  return {
    signal: "data_point",
    ...claimOf(point, rejection, producer, where),
    ...NOT_NUMBERED,
    traceId: "",
    spanId: "",
    content: rejection.claimedTenant === undefined ? contentOfDataPoint(point) : null,
  };
}

export function refusedLogRecord(
  log: DecodedLog,
  rejection: Rejection,
  producer: Speaker,
  where: TenantAttributes,
): RefusedItem {
  return {
    signal: "log_record",
    ...claimOf(log, rejection, producer, where),
    ...NOT_NUMBERED,
    traceId: log.traceId,
    spanId: log.spanId,
    content: rejection.claimedTenant === undefined ? contentOfLogRecord(log) : null,
  };
}

/** Senders number spans only. */
const NOT_NUMBERED = { bootId: null, seq: null, endedAtMicros: 0 };

function claimOf(
  sent: { readonly attributes: Attributes; readonly resource: Attributes },
  { reason, claimedTenant }: Rejection,
  { tenants }: Speaker,
  where: TenantAttributes,
): Pick<RefusedItem, "reason" | "tenantId" | "isForeign"> {
  if (claimedTenant !== undefined) return { reason, tenantId: claimedTenant, isForeign: true };
  const claim = tenantOf(sent, tenants, where);
  const isNamed = claim.kind === "attributed" && claim.tenantId !== UNATTRIBUTED_TENANT;
  return { reason, tenantId: isNamed ? claim.tenantId : null, isForeign: false };
}
