import { RESERVATION_ID_PATTERN } from "@quotel/conventions";
import type { UsageEvent, UsageFlag } from "#database/record/usage-event";
import type { DecodedSpan } from "../../decode/decoded-span.ts";
import { DEFAULT_TENANT_ATTRIBUTES } from "../tenant/tenant-attributes.ts";
import type { TenantAttributes } from "../tenant/tenant-attributes.ts";
import { tenantOf } from "../tenant/tenant-of.ts";
import { SLOT, Slots } from "./attributes/slots.ts";
import { detailOf } from "./detail.ts";
import { classify } from "./event-type/classify.ts";
import { idProblem, timeProblem } from "./identity.ts";
import type { ProducerConfig } from "./producer.ts";
import { providerOf } from "./provider.ts";
import { quantityOf } from "./quantity.ts";
import { serviceTierOf } from "./service-tier.ts";
import { statusOf } from "./status.ts";
import { tokensOf } from "./tokens/tokens.ts";

/**
 * What a span comes to. `ignored` = not an event of ours, and no fault of the sender; `rejected` = it would count, but it
 * cannot be used. Reasons are stable snake_case words: they are counted under these names.
 */
export type Normalised =
  | { readonly kind: "event"; readonly event: UsageEvent }
  | { readonly kind: "ignored"; readonly reason: string }
  | {
      readonly kind: "rejected";
      readonly reason: string;
      /** With `foreign_tenant`: whose usage the sender claimed to report. */
      readonly claimedTenant?: string;
    };

/** A day. What claims to have taken longer has a wrong start, and thousands of such would burst any sum of durations. */
const DURATION_MAX_MICROS = 86_400_000_000;
/** A clock this far ahead of ours is flagged, nearer is jitter. */
const FUTURE_TOLERANCE_MICROS = 60_000_000;

/**
 * One span to one usage event, from any vendor's words. Pure: whether a span counts depends on that span and its
 * producer's configuration and on nothing else (I1).
 *
 * `receivedAtMicros` only decides the flag `clock_skew`. The claimed end is never altered: it is part of the event's
 * identity, and a redelivery, received at another time, has to give the same one. An event from the future is accounted
 * at its receipt, or quarantined, by the record stage (I4).
 *
 * @param where where the tenant is looked for; the decoder must have kept those attributes
 */
export function normalise(
  span: DecodedSpan,
  producer: ProducerConfig,
  receivedAtMicros: number,
  where: TenantAttributes = DEFAULT_TENANT_ATTRIBUTES,
): Normalised {
  const badId = idProblem(span);
  if (badId !== null) return { kind: "rejected", reason: badId };
  const slots = new Slots(span.attributes);
  const classified = classify(span, slots, producer);
  if (classified.kind !== "counts") return classified;
  const { eventType } = classified;
  const badTime = timeProblem(span);
  if (badTime !== null) return { kind: "rejected", reason: badTime };
  const resource = new Slots(span.resource);
  const tenant = tenantOf(span, producer.tenants, where);
  if (tenant.kind === "rejected") return tenant;
  const provider = providerOf(slots.label(SLOT.provider));
  const tokens = tokensOf(slots, span.scope, provider, eventType);
  if (tokens.kind === "rejected") return tokens;
  const status = statusOf(span, slots, eventType);
  // A span without a start says when the work ended but not how long it took.
  const durationMicros = span.startMicros === 0 ? 0 : span.endMicros - span.startMicros;
  const quantity = quantityOf(slots, eventType, status, durationMicros);
  if (quantity.kind === "rejected") return quantity;

  const isAhead = span.endMicros > receivedAtMicros + FUTURE_TOLERANCE_MICROS;
  const flags: readonly UsageFlag[] = isAhead ? ["clock_skew", ...tokens.flags] : tokens.flags;
  return {
    kind: "event",
    event: {
      tenantId: tenant.tenantId,
      traceId: span.traceId,
      spanId: span.spanId,
      eventType,
      status,
      resource: quantity.resource,
      amount: quantity.amount,
      endedAtMicros: span.endMicros,
      durationMicros: Math.min(durationMicros, DURATION_MAX_MICROS),
      inputTokens: tokens.counts.inputTokens,
      outputTokens: tokens.counts.outputTokens,
      cacheReadTokens: tokens.counts.cacheReadTokens,
      cacheWriteTokens: tokens.counts.cacheWriteTokens,
      reasoningTokens: tokens.counts.reasoningTokens,
      usageSource: tokens.counts.usageSource,
      costNanoUsd: null,
      provider,
      model: slots.label(SLOT.responseModel) ?? slots.label(SLOT.requestModel),
      serviceTier: serviceTierOf(slots),
      route: slots.label(SLOT.httpRoute),
      userId: slots.label(SLOT.user) ?? resource.label(SLOT.user),
      reservationId: reservationOf(slots),
      bootId: slots.label(SLOT.boot) ?? resource.label(SLOT.boot),
      seq: seqOf(slots),
      flags,
      detail: detailOf(slots, tokens.raw),
    },
  };
}

/** A reservation id that is not one admits nothing, so the usage still counts, without it. */
function reservationOf(slots: Slots): string | null {
  const id = slots.label(SLOT.reservation);
  return id !== null && RESERVATION_ID_PATTERN.test(id) ? id.toLowerCase() : null;
}

export function seqOf(slots: Slots): number | null {
  const seq = slots.get(SLOT.seq);
  return typeof seq === "number" && Number.isSafeInteger(seq) && seq > 0 ? seq : null;
}
