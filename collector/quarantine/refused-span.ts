import { UNATTRIBUTED_TENANT } from "@quotel/conventions";
import { cleanLabel } from "#database/record/clean-text";
import type { DecodedSpan } from "../decode/decoded-span.ts";
import type { TenantAttributes } from "../normalise/tenant/tenant-attributes.ts";
import { tenantOf } from "../normalise/tenant/tenant-of.ts";
import { SLOT, Slots } from "../normalise/usage/attributes/slots.ts";
import { timeProblem } from "../normalise/usage/identity.ts";
import { seqOf } from "../normalise/usage/normalise.ts";
import type { Normalised } from "../normalise/usage/normalise.ts";
import type { ProducerConfig } from "../normalise/usage/producer.ts";
import type { RefusedSpan } from "../record/refuse-spans.ts";
import { contentOf } from "./span-content.ts";

/** A rejected span as the record stage keeps it: whole, unless it names a tenant its producer may not speak for. */
export function refusedSpan(
  span: DecodedSpan,
  { reason, claimedTenant }: Extract<Normalised, { kind: "rejected" }>,
  producer: ProducerConfig,
  where: TenantAttributes,
): RefusedSpan {
  const { traceId, spanId } = span;
  const slots = new Slots(span.attributes);
  const resource = new Slots(span.resource);
  const bootId = slots.label(SLOT.boot) ?? resource.label(SLOT.boot);
  // An end that is none has no place in time; one that is absurd has none either.
  const isNumbered = timeProblem(span) === null;
  const sent = {
    reason,
    traceId,
    spanId,
    bootId: isNumbered && bootId !== null ? cleanLabel(bootId) : null,
    seq: seqOf(slots),
    endedAtMicros: span.endMicros,
  };
  if (claimedTenant !== undefined) return { ...sent, tenantId: claimedTenant, isForeign: true, content: null };
  const claim = tenantOf(span, producer.tenants, where);
  const tenantId = claim.kind === "attributed" && claim.tenantId !== UNATTRIBUTED_TENANT ? claim.tenantId : null;
  return { ...sent, tenantId, isForeign: false, content: contentOf(span) };
}
