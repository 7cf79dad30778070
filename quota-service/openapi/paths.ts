import { GRANULARITIES, METRICS } from "../admin/usage/usage-query.ts";
import { adminPaths } from "./admin-paths.ts";
import { operation, pathParam, queryParam } from "./operation.ts";
import { oneOf, ref } from "./schema.ts";
import type { Schema } from "./schema.ts";

const tenantQuery = queryParam("tenantId", ref("TenantId"), "Needed unless the body or the key's binding names it.");
const dateText: Schema = { type: "string", description: "A date (UTC) or an RFC 3339 instant." };

const DENIED = {
  403: ["Denied, and waiting will not help (a decision); or the key may not do this (an error)", "DenialOrError"],
  429: [
    "Denied by a quota or rate limit, with Retry-After, RateLimit, RateLimit-Policy and X-RateLimit-* (a decision); " +
      "or too many new tenants (an error)",
    "DenialOrError",
  ],
} as const;

/** Every path the service serves; a test holds this to the routes. */
export const paths: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  "/v1/quota/check": {
    post: operation({
      summary: "May this tenant use so much more? Changes nothing; amount 0 peeks.",
      keys: "service, admin or tenant (its own)",
      parameters: [tenantQuery],
      body: "CheckRequest",
      answers: {
        200: ["The decision, also when it denies", "Decision"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
        429: ["The key has made too many new tenants", "Error"],
      },
    }),
  },
  "/v1/quota/check/batch": {
    post: operation({
      summary: "The same for up to 100 tenants with up to 100 resources each, decided from one snapshot.",
      keys: "service or admin",
      body: "BatchCheckRequest",
      answers: {
        200: ["Decisions in the order of the checks; an error for a tenant that is not registered", "BatchDecision"],
        400: ["A field is at fault", "Error"],
      },
    }),
  },
  "/v1/quota/reservations": {
    post: operation({
      summary: "Decide and hold. Repeating a request gives the same answer and holds nothing more.",
      keys: "service or admin",
      parameters: [tenantQuery],
      body: "ReserveRequest",
      answers: {
        ...DENIED,
        200: ["Was reserved before, by the same request", "ReservationDecision"],
        201: ["Reserved", "ReservationDecision"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
        409: ["The id was used for another request, or its reservation has ended", "Error"],
      },
    }),
  },
  "/v1/quota/leases": {
    post: operation({
      summary:
        "Hold a part of what remains (at most a tenth, for at most 30 s), to be spent without asking again. It is a " +
        "reservation, ended like any other; one that is never closed is kept to the end of its period.",
      keys: "service or admin",
      parameters: [tenantQuery],
      body: "LeaseRequest",
      answers: {
        ...DENIED,
        200: ["Was leased before, by the same request", "ReservationDecision"],
        201: ["Leased: items[].granted may be spent until expiresAt", "ReservationDecision"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
        409: ["LEASE_REFUSED: too little remains, or the resource has a rate limit; or as for reservations", "Error"],
      },
    }),
  },
  "/v1/quota/reservations/{id}": {
    patch: operation({
      summary: "Close at the true amounts, or extend.",
      keys: "service or admin",
      parameters: [pathParam("id", "ReservationId"), tenantQuery],
      body: "ReservationPatch",
      answers: {
        ...DENIED,
        200: ["The reservation as it is now", "ReservationState"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant has no such reservation", "Error"],
        409: ["The reservation has ended", "Error"],
      },
    }),
    delete: operation({
      summary: "Release: the work did not happen.",
      keys: "service or admin",
      parameters: [pathParam("id", "ReservationId"), tenantQuery],
      body: "ReleaseRequest",
      bodyRequired: false,
      answers: { 204: ["Nothing is held any more; also when repeated", null], 400: ["A field is at fault", "Error"] },
    }),
  },
  "/v1/quota/features/{feature}": {
    get: operation({
      summary: "Has the tenant's plan this feature, and which plans have it? (isFeatureAllowed)",
      keys: "service, admin or tenant (its own)",
      parameters: [pathParam("feature", "Feature"), tenantQuery],
      answers: {
        200: ["The answer, also when it is no", "FeatureDecision"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
      },
    }),
  },
  "/v1/quota/minimum-plan/{plan}": {
    get: operation({
      summary: "Is the tenant's plan this one or a higher one?",
      keys: "service, admin or tenant (its own)",
      parameters: [pathParam("plan", "PlanId"), tenantQuery],
      answers: {
        200: ["The answer, also when it is no", "MinimumPlanDecision"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered, or there is no such plan", "Error"],
      },
    }),
  },
  "/v1/quota/suggest-upgrade": {
    post: operation({
      summary: "The lowest plan above the tenant's that would allow a feature, or an amount on top of what is used.",
      keys: "service, admin or tenant (its own)",
      parameters: [tenantQuery],
      body: "UpgradeRequest",
      answers: {
        200: ["The suggestion", "UpgradeSuggestion"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
      },
    }),
  },
  "/v1/quota/status": {
    get: operation({
      summary: "Every limit that holds for a tenant, overrides included, and how much of it is used (getQuotaStatus).",
      keys: "service, admin or tenant (its own)",
      parameters: [tenantQuery],
      answers: {
        200: ["The limits", "QuotaStatus"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered, and there is no default plan", "Error"],
      },
    }),
  },
  "/v1/quota/decisions/{id}": {
    get: operation({
      summary: "Explain a decision: why it was made, and what came of it.",
      keys: "service, admin or tenant (its own)",
      parameters: [pathParam("id", "ReservationId"), tenantQuery],
      answers: {
        200: ["An admission with its reservation and events, or a denial", "DecisionExplanation"],
        400: ["The id is at fault", "Error"],
        404: ["The tenant has no such decision, or it is not kept", "Error"],
      },
    }),
  },
  "/v1/usage/stats": {
    get: operation({
      summary: "What a tenant used on its last days, and its limits.",
      keys: "service, admin or tenant (its own)",
      parameters: [tenantQuery, queryParam("days", { type: "integer", minimum: 1, maximum: 366, default: 30 })],
      answers: {
        200: ["The usage", "UsageStats"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered and has used nothing, and there is no default plan", "Error"],
      },
    }),
  },
  "/v1/admin/usage": {
    get: operation({
      summary: "One tenant's usage over time with its limits and latest events; without tenantId, a summary over all.",
      keys: "admin",
      parameters: [
        queryParam("tenantId", ref("TenantId")),
        queryParam("period", { ...oneOf(...GRANULARITIES), default: "daily" }, "Size of the buckets."),
        queryParam("startDate", dateText, "Default: 2 days, 30 days or a year before endDate."),
        queryParam("endDate", dateText, "A date includes its day. Default: now."),
        queryParam("metric", oneOf(...METRICS), "Ranks tenants by it (default tokens), and shows its limits only."),
      ],
      answers: {
        200: ["The usage", "AdminUsage"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered and has used nothing", "Error"],
      },
    }),
  },
  ...adminPaths,
  "/healthz": {
    get: operation({ summary: "The process is up.", keys: null, answers: { 200: ["Up", "Health"] } }),
  },
  "/readyz": {
    get: operation({
      summary: "The database answers and the plans are loaded.",
      keys: null,
      answers: { 200: ["Ready", "Readiness"], 503: ["Not ready", "Readiness"] },
    }),
  },
  "/metrics": {
    get: operation({
      summary: "Decisions made without the database, and more, in Prometheus' text format.",
      keys: null,
      answers: { 200: ["Prometheus' text format, not JSON", null] },
    }),
  },
  "/openapi.json": {
    get: operation({ summary: "This document.", keys: null, answers: { 200: ["OpenAPI 3.1", "Document"] } }),
  },
};
