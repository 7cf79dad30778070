import { array, instant, nanoUsd, nullable, object, oneOf, ref, text } from "./schema.ts";
import type { Schema } from "./schema.ts";

const count: Schema = { type: "integer" };

const limits = array(
  object({
    resourceType: ref("Resource"),
    period: text,
    limit: ref("Limit"),
    used: ref("AmountOnWire"),
    reserved: ref("AmountOnWire"),
    percentage: ref("Percentage"),
    resetsAt: nullable(instant),
    state: oneOf("ok", "warning", "grace", "exceeded"),
    enforcement: oneOf("hard", "soft", "shadow"),
    source: {
      ...oneOf("plan", "default", "override"),
      description:
        "override: an administrator's exception from the plan. default: of the plan of tenants that nobody has put on one.",
    },
  }),
);

const bucket = object({
  bucketStart: instant,
  apiCalls: count,
  apiCallsSuccessful: count,
  apiCallsFailed: count,
  apiCallsRateLimited: count,
  chatMessages: count,
  embeddings: count,
  totalTokens: count,
  embeddingTokens: count,
  costNanoUsd: nanoUsd,
  unpricedEvents: { ...count, description: "Events whose price is unknown; they are not in costNanoUsd." },
  latencyMsAvg: nullable(ref("Milliseconds")),
  latencyMsP95: nullable(ref("Milliseconds")),
  latencyMsP99: nullable(ref("Milliseconds")),
});

/** Bodies of the read endpoints. */
export const usageSchemas: Readonly<Record<string, Schema>> = {
  UsageStats: object({
    tenantId: text,
    period: object({ start: instant, end: instant, days: count }),
    breakdown: array(
      object({
        resourceType: ref("Resource"),
        amount: ref("AmountOnWire"),
        humanReadable: text,
        percentage: ref("Percentage"),
      }),
    ),
    limits,
    warnings: array(text),
    timestamp: instant,
  }),
  QuotaStatus: object({ tenantId: text, plan: text, limits, timestamp: instant }),
  AdminTenantUsage: object({
    tenantId: text,
    period: text,
    usage: array(bucket),
    tokensBySource: object({
      provider: count,
      partial: count,
      estimated: count,
      none: { ...count, description: "Events (not tokens) whose usage nobody knows." },
    }),
    quota: object({ plan: text, quotas: limits, anyExceeded: { type: "boolean" } }),
    recentEvents: array(
      object({
        eventType: text,
        status: text,
        endedAt: instant,
        tokens: count,
        model: { type: ["string", "null"] },
        traceId: text,
        spanId: text,
      }),
    ),
    timestamp: instant,
  }),
  AdminUsageSummary: object({
    period: text,
    summary: object({
      total_tenants: count,
      total_api_calls: count,
      total_tokens: count,
      total_cost: nanoUsd,
      avg_latency_ms: nullable(ref("Milliseconds")),
    }),
    topConsumers: array(object({ tenantId: text, tokens: count, apiCalls: count, costNanoUsd: nanoUsd })),
    exceedingQuota: array(
      object({ tenantId: text, resource: text, period: text, used: ref("AmountOnWire"), limit: count }),
    ),
  }),
};
