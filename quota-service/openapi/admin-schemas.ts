import { LICENCE_STATUSES } from "../admin/tenants/put-tenant.ts";
import { array, flag, instant, nullable, object, oneOf, ref, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const count: Schema = { type: "integer", minimum: 0 };
const anchorDay: Schema = { type: "integer", minimum: 1, maximum: 31 };
const zone: Schema = { ...text, description: "A zone of the IANA database, such as Europe/Berlin." };
const licenceExpiresAt: Schema = {
  ...nullable(instant),
  description: "From then on the licence counts as expired; null = it does not end.",
};

const limit: Readonly<Record<string, Schema>> = {
  resource: ref("Resource"),
  period: oneOf("second", "minute", "hour", "day", "month", "lifetime", "level"),
  amount: ref("Limit"),
  enforcement: { ...oneOf("hard", "soft", "shadow"), default: "hard" },
  warnAt: { type: "number", exclusiveMinimum: 0, maximum: 1, default: 0.8, description: "Fraction of the amount." },
  graceFraction: {
    type: "number",
    minimum: 0,
    default: 0,
    description: "Admitted beyond the amount, as a part of it.",
  },
  graceSeconds: { ...count, default: 0, description: "For so long after the amount was passed nothing is denied." },
  burst: { ...count, default: 0, description: "What any window of a rate limit may take beyond the amount." },
  onUnavailable: { ...oneOf("allow", "deny"), default: "allow", description: "The answer without the database." },
  onUnpriced: { ...oneOf("allow", "deny"), default: "allow", description: "Of cost, where usage has no price." },
};
const LIMIT_DEFAULTS = [
  "enforcement",
  "warnAt",
  "graceFraction",
  "graceSeconds",
  "burst",
  "onUnavailable",
  "onUnpriced",
];

const plan = {
  planId: ref("PlanId"),
  version: count,
  rank: { ...count, description: "An upgrade leads to a plan of a higher one." },
  features: array(text),
  limits: array(object(limit)),
};
const override = {
  overrideId: ref("OverrideId"),
  tenantId: ref("TenantId"),
  ...limit,
  state: oneOf("scheduled", "in_force", "superseded", "ended", "revoked"),
  from: instant,
  until: nullable(instant),
  reason: text,
  actor: { ...text, description: "The id of the key that made it." },
  createdAt: instant,
  revokedAt: nullable(instant),
  revokedBy: nullable(text),
};
const resolution = oneOf("event", "hour", "mixed");
const fieldValue: Schema = { anyOf: [text, { type: "number" }, { type: "null" }] };

/** Bodies of `/v1/admin/tenants`, `/plans` and `/overrides`. */
export const adminSchemas: Readonly<Record<string, Schema>> = {
  PlanId: { type: "string" },
  OverrideId: { type: "string", format: "uuid" },
  Tenant: object({
    tenantId: text,
    plan: text,
    planSource: oneOf("default", "assigned"),
    licenceStatus: oneOf(...LICENCE_STATUSES),
    licenceExpiresAt,
    zone,
    anchorDay: { ...anchorDay, description: "The day of the month on which months begin." },
    calendarChange: {
      ...nullable(object({ zone, anchorDay, effectiveFrom: instant })),
      description: "What holds from the end of the present month period on; null = zone and anchorDay stay.",
    },
    createdAt: instant,
    updatedAt: instant,
  }),
  TenantSetting: object({ plan: text, licenceStatus: oneOf(...LICENCE_STATUSES), licenceExpiresAt, zone, anchorDay }, [
    "licenceStatus",
    "licenceExpiresAt",
    "zone",
    "anchorDay",
  ]),
  Plans: object({ plans: array(object(plan)) }),
  PlanWithVersions: object({
    ...plan,
    versions: array(object({ version: count, actor: text, createdAt: instant })),
  }),
  PlanDefinition: object(
    {
      features: array(text, { maxItems: 100 }),
      rank: { ...count, description: "Absent: as it is; of a new plan, above all others." },
      limits: array(object(limit, LIMIT_DEFAULTS), { maxItems: 200 }),
    },
    ["features", "rank"],
  ),
  ChangedPlan: object({
    planId: text,
    version: { ...count, description: "The version that is in force with the definition." },
    oldVersion: { type: ["integer", "null"] },
    isNew: { ...flag, description: "Whether it is a version of its own." },
    changes: array({
      anyOf: [
        object({ kind: oneOf("limit_added", "limit_removed"), limit: object(limit) }),
        object({
          kind: oneOf("limit_changed"),
          resource: ref("Resource"),
          period: text,
          fields: array(object({ field: text, old: fieldValue, new: fieldValue })),
        }),
        object({ kind: oneOf("feature_added", "feature_removed"), feature: text }),
        object({ kind: oneOf("rank_changed"), old: count, new: count }),
      ],
    }),
  }),
  ReplayRequest: object(
    {
      from: instant,
      to: { ...instant, description: "At most 366 days after from." },
      tenants: { ...array(ref("TenantId"), { minItems: 1, maxItems: 1000 }), description: "Absent: everyone." },
    },
    ["tenants"],
  ),
  PlanReplay: object({
    planId: text,
    version: count,
    from: instant,
    to: instant,
    resolution: { ...resolution, description: "What was replayed: events, hours whose events are gone, or both." },
    eventsFrom: { ...instant, description: "From here on events were replayed, hours before it." },
    notReplayed: {
      ...array(object({ resource: ref("Resource"), period: text, until: nullable(instant) })),
      description: "Hard limits that recorded usage says nothing about, and until when; null = all the time.",
    },
    tenantsReplayed: { ...count, description: "How many had used what the plan limits." },
    tenantsDenied: count,
    tenants: {
      ...array(
        object({
          tenantId: text,
          resolution,
          firstDeniedAt: instant,
          deniedRequests: { ...count, description: "Work of one reservation is one request, so is any other event." },
          deniedHours: {
            ...count,
            description: "Hours, without their events, of which a part would have been denied.",
          },
          limits: array(
            object({
              resource: ref("Resource"),
              period: text,
              limit: count,
              firstDeniedAt: instant,
              firstDeniedResolution: oneOf("event", "hour"),
              deniedRequests: count,
              deniedHours: count,
              deniedAmount: ref("AmountOnWire"),
              highestUsed: {
                ...nullable(ref("AmountOnWire")),
                description: "The most that was used in one period; null for a rate limit.",
              },
            }),
          ),
        }),
      ),
      description: "Those that would have been denied something, the most denied first; at most 1000.",
    },
  }),
  NewOverride: object(
    {
      tenantId: ref("TenantId"),
      overrideId: { ...ref("OverrideId"), description: "Chosen by the caller: a repetition makes no second one." },
      ...limit,
      reason: { type: "string", minLength: 1, maxLength: 1000 },
      from: { ...instant, description: "Absent, or over: now. An override never reaches into the past." },
      until: { ...nullable(instant), description: "Absent or null: until it is revoked." },
    },
    ["overrideId", ...LIMIT_DEFAULTS, "from", "until"],
  ),
  Override: object(override),
  Overrides: object({ overrides: array(object(override)) }),
};
