import { RESERVATION_TTL_SECONDS_DEFAULT, RESERVATION_TTL_SECONDS_MAX } from "@quotel/conventions";
import { array, flag, instant, nanoUsd, nullable, object, oneOf, ref, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const PERIODS = ["second", "minute", "hour", "day", "month", "lifetime", "level"];
const REASONS = ["QUOTA_EXCEEDED", "RATE_LIMITED", "AMOUNT_EXCEEDS_LIMIT", "FEATURE_NOT_IN_PLAN", "LICENSE_INACTIVE"];

/** Cost may be asked for in digits. */
const askedAmount: Schema = { anyOf: [ref("Amount"), { type: "string", pattern: "^[0-9]{1,16}$" }] };
const wantedAmount: Schema = { ...askedAmount, description: "What is wanted, at least 1; less may be granted." };
const ttlSeconds: Schema = {
  type: "integer",
  minimum: 1,
  maximum: RESERVATION_TTL_SECONDS_MAX,
  default: RESERVATION_TTL_SECONDS_DEFAULT,
};
const tenantId: Schema = { ...ref("TenantId"), description: "May also be given as ?tenantId=." };

const quotaItem = { resource: ref("Resource"), amount: askedAmount };
const reservationItem = {
  ...quotaItem,
  atLeast: { ...askedAmount, description: "Accept any grant of at least this much." },
};
const onExpiry: Schema = {
  ...oneOf("release", "keep"),
  default: "release",
  description:
    "What becomes of it when its time runs out before it is closed: it frees what it holds, or keeps it to the end of its " +
    "month period.",
};
const reservation = { tenantId, reservationId: ref("ReservationId"), ttlSeconds, onExpiry };

const decisionItem = {
  resource: ref("Resource"),
  period: { enum: [...PERIODS, null], description: "Null where the resource has no limit." },
  requested: ref("Amount"),
  limit: ref("Limit"),
  used: { type: "integer" },
  reserved: { type: "integer", description: "What reservations keep from others." },
  remaining: ref("Limit"),
  percentUsed: ref("Percentage"),
  resetsAt: nullable(instant),
  allowed: flag,
  state: oneOf("ok", "warning", "grace", "exceeded"),
  enforcement: oneOf("hard", "soft", "shadow"),
  source: oneOf("plan", "override", "default"),
  burst: { ...ref("Amount"), description: "Present on a rate limit with a burst: what any window takes beyond limit." },
  unpricedEvents: {
    type: "integer",
    description: "Present on a cost limit that admits nothing while events of its period have no price: how many.",
  },
  wouldAllow: {
    ...flag,
    description:
      "Present on a soft or shadow limit: whether it would have allowed what was asked for, were it a hard one.",
  },
};
const decision = {
  allowed: flag,
  decisionId: text,
  tenantId: text,
  plan: text,
  reason: {
    enum: [...REASONS, null],
    description: "Of a denial by what was looked up; null where it is allowed, and with mode fail_closed.",
  },
  asOf: instant,
  lagMs: {
    type: ["number", "null"],
    description: "Age of the instant to which telemetry is complete; null = no producer has reported for five minutes.",
  },
  mode: {
    ...oneOf("strict", "fail_open", "fail_closed"),
    description:
      "strict: made by the database. Else the database was away, and the limits as they were last read (at most an hour " +
      "ago) said by their onUnavailable whether to allow or to deny; no usage was looked up.",
  },
  retryAfterSeconds: { type: ["integer", "null"] },
};

const OPTIONAL_OF_ITEM = ["burst", "unpricedEvents", "wouldAllow"];

/** Bodies of `/v1/quota`. */
export const quotaSchemas: Readonly<Record<string, Schema>> = {
  CheckRequest: {
    anyOf: [
      object({ tenantId, ...quotaItem }, ["tenantId"]),
      object({ tenantId, items: array(object(quotaItem), { minItems: 1, maxItems: 100 }) }, ["tenantId"]),
    ],
  },
  BatchCheckRequest: object({
    checks: array(
      object({ tenantId: ref("TenantId"), items: array(object(quotaItem), { minItems: 1, maxItems: 100 }) }),
      { minItems: 1, maxItems: 100 },
    ),
  }),
  BatchDecision: object({
    results: array({
      anyOf: [ref("Decision"), object({ tenantId: text, error: object({ code: text, message: text }) })],
    }),
  }),
  ReserveRequest: {
    anyOf: [
      object({ ...reservation, ...reservationItem }, ["tenantId", "ttlSeconds", "onExpiry", "atLeast"]),
      object({ ...reservation, items: array(object(reservationItem, ["atLeast"]), { minItems: 1, maxItems: 100 }) }, [
        "tenantId",
        "ttlSeconds",
        "onExpiry",
      ]),
    ],
  },
  LeaseRequest: object(
    {
      tenantId,
      reservationId: ref("ReservationId"),
      items: array(object({ resource: ref("Resource"), amount: wantedAmount }), { minItems: 1, maxItems: 100 }),
    },
    ["tenantId"],
  ),
  ReservationPatch: {
    anyOf: [
      object(
        {
          tenantId,
          action: oneOf("close"),
          items: array(object(quotaItem), { maxItems: 100 }),
          settle: { ...oneOf("spans", "now"), description: "now: the service writes the ledger event itself." },
        },
        ["tenantId"],
      ),
      object(
        {
          tenantId,
          action: oneOf("extend"),
          items: array(object(quotaItem), { minItems: 1, maxItems: 100 }),
          ttlSeconds,
        },
        ["tenantId", "items", "ttlSeconds"],
      ),
    ],
  },
  ReleaseRequest: object({ tenantId }, ["tenantId"]),
  Feature: text,
  FeatureDecision: object({
    tenantId: text,
    feature: text,
    allowed: flag,
    reason: { enum: ["FEATURE_NOT_IN_PLAN", "LICENSE_INACTIVE", null] },
    plan: text,
    minimumPlan: { ...nullable(text), description: "The lowest plan that has it." },
    suggestUpgrade: { ...nullable(text), description: "The lowest plan above the tenant's that has it." },
  }),
  MinimumPlanDecision: object({
    tenantId: text,
    allowed: flag,
    reason: { enum: ["PLAN_TOO_LOW", "LICENSE_INACTIVE", null] },
    plan: text,
    minimumPlan: text,
  }),
  UpgradeRequest: {
    anyOf: [object({ tenantId, feature: text }, ["tenantId"]), object({ tenantId, ...quotaItem }, ["tenantId"])],
  },
  UpgradeSuggestion: object({
    tenantId: text,
    plan: text,
    suffices: { ...flag, description: "Whether the tenant's plan allows it now." },
    suggestUpgrade: { ...nullable(text), description: "The lowest plan above it that would." },
  }),
  Decision: object({ ...decision, items: array(object(decisionItem, OPTIONAL_OF_ITEM)) }),
  ReservationDecision: object({
    ...decision,
    reservationId: ref("ReservationId"),
    expiresAt: nullable(instant),
    items: array(object({ ...decisionItem, granted: ref("Amount") }, OPTIONAL_OF_ITEM)),
  }),
  ReservationState: object({
    reservationId: ref("ReservationId"),
    tenantId: text,
    state: oneOf("early", "open", "closed", "kept", "released", "expired"),
    expiresAt: nullable(instant),
    items: array(
      object({
        resource: ref("Resource"),
        estimate: ref("Amount"),
        trueAmount: { type: ["integer", "null"] },
        settled: { type: "integer" },
        held: ref("Amount"),
      }),
    ),
  }),
  DecisionExplanation: object({
    kind: oneOf("admission", "denial"),
    decision: ref("ReservationDecision"),
    reservation: nullable(ref("ReservationState")),
    events: array(
      object({
        eventType: text,
        status: text,
        resource: nullable(text),
        amount: { type: "integer" },
        inputTokens: { type: "integer" },
        outputTokens: { type: "integer" },
        costNanoUsd: nullable(nanoUsd),
        provider: nullable(text),
        model: nullable(text),
        endedAt: instant,
        traceId: text,
        spanId: text,
      }),
    ),
    moreEvents: flag,
  }),
};
