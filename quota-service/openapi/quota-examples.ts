import type {
  ApiError,
  BatchCheckRequest,
  BatchDecision,
  CheckRequest,
  Decision,
  DecisionExplanation,
  DecisionItem,
  FeatureDecision,
  LeaseRequest,
  MinimumPlanDecision,
  QuotaStatus,
  ReservationDecision,
  ReservationPatch,
  ReservationState,
  ReserveRequest,
  UpgradeSuggestion,
} from "@quotel/conventions";

const tenantId = "acme";
const reservationId = "0198c0de-0000-7000-8000-000000000001";

const tokens: DecisionItem = {
  resource: "tokens",
  period: "day",
  requested: 150,
  limit: 10_000,
  used: 9_900,
  reserved: 0,
  remaining: 100,
  percentUsed: 99,
  resetsAt: "2026-11-24T00:00:00.000Z",
  allowed: false,
  state: "warning",
  enforcement: "hard",
  source: "plan",
};
const denied: Decision = {
  allowed: false,
  decisionId: "0198c0de-0000-7000-8000-0000000000d1",
  tenantId,
  plan: "trial",
  reason: "QUOTA_EXCEEDED",
  items: [tokens],
  asOf: "2026-11-23T19:38:45.984Z",
  lagMs: 120,
  mode: "strict",
  retryAfterSeconds: 15_675,
};
const deniedReservation: ReservationDecision = {
  ...denied,
  items: [{ ...tokens, granted: 0 }],
  reservationId,
  expiresAt: null,
};
const admitted: ReservationDecision = {
  ...denied,
  allowed: true,
  decisionId: reservationId,
  reason: null,
  items: [{ ...tokens, requested: 80, allowed: true, granted: 80 }],
  retryAfterSeconds: null,
  reservationId,
  expiresAt: "2026-11-23T19:43:45.984Z",
};
/** Made while the database was away, by a limit that says `onUnavailable: "deny"`. */
const failClosed: ReservationDecision = {
  ...deniedReservation,
  reason: null,
  items: [{ ...tokens, used: 0, remaining: null, percentUsed: null, resetsAt: null, state: "ok", granted: 0 }],
  lagMs: null,
  mode: "fail_closed",
  retryAfterSeconds: 1,
};
const closed: ReservationState = {
  reservationId,
  tenantId,
  state: "closed",
  expiresAt: "2026-11-24T19:39:02.511Z",
  items: [{ resource: "tokens", estimate: 80, trueAmount: 64, settled: 40, held: 24 }],
};
const refused: ApiError = {
  error: {
    code: "INVALID_REQUEST",
    message: "amount must be a whole number",
    details: [{ path: "amount", message: "must be a whole number" }],
  },
};

/** Bodies of `/v1/quota` as they are sent and answered, by the names of their schemas. */
export const quotaExamples = {
  CheckRequest: [
    { tenantId, resource: "tokens", amount: 150 },
    {
      tenantId,
      items: [
        { resource: "tokens", amount: 150 },
        { resource: "api_calls", amount: 0 },
      ],
    },
  ] satisfies CheckRequest[],
  Decision: [denied],
  BatchCheckRequest: [
    {
      checks: [
        { tenantId, items: [{ resource: "tokens", amount: 150 }] },
        { tenantId: "nobody", items: [{ resource: "tokens", amount: 1 }] },
      ],
    },
  ] satisfies BatchCheckRequest[],
  BatchDecision: [
    {
      results: [
        denied,
        {
          tenantId: "nobody",
          error: {
            code: "TENANT_NOT_FOUND",
            message: 'Tenant "nobody" is not known; register it with PUT /v1/admin/tenants/nobody',
          },
        },
      ],
    },
  ] satisfies BatchDecision[],
  ReserveRequest: [
    { tenantId, reservationId, resource: "tokens", amount: 80 },
    {
      tenantId,
      reservationId: "0198c0de-0000-7000-8000-000000000002",
      items: [
        { resource: "tokens", amount: 2_000, atLeast: 500 },
        { resource: "chat_messages", amount: 1 },
      ],
      ttlSeconds: 120,
      onExpiry: "keep",
    },
  ] satisfies ReserveRequest[],
  ReservationDecision: [admitted],
  DenialOrError: [deniedReservation, failClosed, refused],
  LeaseRequest: [
    {
      tenantId,
      reservationId: "0198c0de-0000-7000-8000-000000000003",
      items: [{ resource: "tokens", amount: 500 }],
    },
  ] satisfies LeaseRequest[],
  ReservationPatch: [
    { tenantId, action: "extend", items: [{ resource: "tokens", amount: 20 }], ttlSeconds: 600 },
    { tenantId, action: "close", items: [{ resource: "tokens", amount: 64 }], settle: "spans" },
  ] satisfies ReservationPatch[],
  ReservationState: [closed],
  ReleaseRequest: [{ tenantId }],
  FeatureDecision: [
    {
      tenantId,
      feature: "webhooks",
      allowed: false,
      reason: "FEATURE_NOT_IN_PLAN",
      plan: "trial",
      minimumPlan: "pro",
      suggestUpgrade: "pro",
    },
  ] satisfies FeatureDecision[],
  MinimumPlanDecision: [
    { tenantId, allowed: false, reason: "PLAN_TOO_LOW", plan: "trial", minimumPlan: "pro" },
  ] satisfies MinimumPlanDecision[],
  UpgradeRequest: [
    { tenantId, resource: "tokens", amount: 50_000 },
    { tenantId, feature: "webhooks" },
  ],
  UpgradeSuggestion: [
    { tenantId, plan: "trial", suffices: false, suggestUpgrade: "starter" },
  ] satisfies UpgradeSuggestion[],
  QuotaStatus: [
    {
      tenantId,
      plan: "trial",
      limits: [
        {
          resourceType: "tokens",
          period: "day",
          limit: 10_000,
          used: 9_900,
          reserved: 0,
          percentage: 99,
          resetsAt: "2026-11-24T00:00:00.000Z",
          state: "warning",
          enforcement: "hard",
          source: "plan",
        },
      ],
      timestamp: "2026-11-23T19:38:45.990Z",
    },
  ] satisfies QuotaStatus[],
  DecisionExplanation: [
    {
      kind: "admission",
      decision: admitted,
      reservation: closed,
      events: [
        {
          eventType: "chat",
          status: "ok",
          resource: "chat_messages",
          amount: 1,
          inputTokens: 30,
          outputTokens: 10,
          costNanoUsd: "10500",
          provider: "openai",
          model: "gpt-4o-mini",
          endedAt: "2026-11-23T19:38:58.120Z",
          traceId: "5b8efff798038103d269b633813fc60c",
          spanId: "eee19b7ec3c1b174",
        },
      ],
      moreEvents: false,
    },
  ] satisfies DecisionExplanation[],
  Error: [refused],
};
