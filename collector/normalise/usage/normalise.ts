import { RESERVATION_ID_PATTERN } from "@quotel/conventions";
import type { UsageEvent, UsageFlag } from "#database/record/usage-event";
import type { DecodedSpan } from "../../decode/decoded-span.ts";
import { NAMES } from "./attribute-names.ts";
import { classify } from "./classify.ts";
import { first, label } from "./first-attribute.ts";
import { idProblem, timeProblem } from "./identity.ts";
import { providerOf } from "./provider.ts";
import { quantityOf } from "./quantity.ts";
import { statusOf } from "./status.ts";
import { attribute } from "./tenant.ts";
import { tokensOf } from "./tokens.ts";

/** What a producer's key says about its spans. */
export interface ProducerConfig {
  /** The tenants it may speak for; null = any. */
  readonly tenants: readonly string[] | null;
}

/**
 * What a span comes to. `ignored` = not an event of ours, and no fault of the sender; `rejected` = it would count, but it
 * cannot be used. Reasons are stable snake_case words: they are counted under these names.
 */
export type Normalised =
  | { readonly kind: "event"; readonly event: UsageEvent }
  | { readonly kind: "ignored"; readonly reason: string }
  | { readonly kind: "rejected"; readonly reason: string };

/** A clock this far ahead of ours is flagged, nearer is jitter. */
const FUTURE_TOLERANCE_MICROS = 60_000_000;

/**
 * One span to one usage event, from any vendor's words. Pure: whether a span counts depends on that span and its
 * producer's configuration and on nothing else (I1).
 *
 * `receivedAtMicros` only decides the flag `clock_skew`. The claimed end is never altered: it is part of the event's
 * identity, and a redelivery, received at another time, has to give the same one. An event from the future is accounted
 * at its receipt, or quarantined, by the record stage (I4).
 */
export function normalise(span: DecodedSpan, producer: ProducerConfig, receivedAtMicros: number): Normalised {
  const badId = idProblem(span);
  if (badId !== null) return { kind: "rejected", reason: badId };
  const eventType = classify(span);
  if (eventType.kind !== "counts") return eventType;
  const badTime = timeProblem(span);
  if (badTime !== null) return { kind: "rejected", reason: badTime };
  const tenant = attribute(span, producer.tenants);
  if (tenant.kind === "rejected") return tenant;
  const tokens = tokensOf(span.attributes, eventType.eventType);
  if (tokens.kind === "rejected") return tokens;
  const status = statusOf(span, eventType.eventType);
  const quantity = quantityOf(span.attributes, eventType.eventType, status);
  if (quantity.kind === "rejected") return quantity;

  const flags: UsageFlag[] = [...tokens.flags];
  if (span.endMicros > receivedAtMicros + FUTURE_TOLERANCE_MICROS) flags.unshift("clock_skew");
  return {
    kind: "event",
    event: {
      tenantId: tenant.tenantId,
      traceId: span.traceId,
      spanId: span.spanId,
      eventType: eventType.eventType,
      status,
      resource: quantity.resource,
      amount: quantity.amount,
      endedAtMicros: span.endMicros,
      // A span without a start says when the work ended but not how long it took.
      durationMicros: span.startMicros === 0 ? 0 : span.endMicros - span.startMicros,
      inputTokens: tokens.inputTokens,
      outputTokens: tokens.outputTokens,
      cacheReadTokens: tokens.cacheReadTokens,
      cacheWriteTokens: tokens.cacheWriteTokens,
      reasoningTokens: tokens.reasoningTokens,
      usageSource: tokens.usageSource,
      costNanoUsd: null,
      provider: providerOf(label(span.attributes, NAMES.provider)),
      model: label(span.attributes, NAMES.model),
      serviceTier: null,
      route: label(span.attributes, NAMES.httpRoute),
      userId: label(span.attributes, NAMES.user) ?? label(span.resource, NAMES.user),
      reservationId: reservationOf(span),
      bootId: label(span.attributes, NAMES.boot) ?? label(span.resource, NAMES.boot),
      seq: seqOf(span),
      flags,
      detail: null,
    },
  };
}

/** A reservation id that is not one admits nothing, so the usage still counts, without it. */
function reservationOf(span: DecodedSpan): string | null {
  const id = label(span.attributes, NAMES.reservation);
  return id !== null && RESERVATION_ID_PATTERN.test(id) ? id.toLowerCase() : null;
}

function seqOf(span: DecodedSpan): number | null {
  const seq = first(span.attributes, NAMES.seq);
  return typeof seq === "number" && Number.isSafeInteger(seq) && seq > 0 ? seq : null;
}
