import { operation, pathParam, queryParam } from "./operation.ts";
import { ref } from "./schema.ts";
import type { Schema } from "./schema.ts";

const tenantId = { ...queryParam("tenantId", ref("TenantId")), required: true };
const planId = pathParam("id", "PlanId");

/** Paths by which administrators set what tenants may use. Every change is in the audit trail, with the key's id. */
export const adminPaths: Readonly<Record<string, Readonly<Record<string, Schema>>>> = {
  "/v1/admin/tenants/{id}": {
    put: operation({
      summary:
        "Register a tenant, or change its plan, licence or calendar; its usage stays. What is left out stays too.",
      keys: "admin",
      parameters: [pathParam("id", "TenantId")],
      body: "TenantSetting",
      answers: { 200: ["The tenant", "Tenant"], 400: ["A field is at fault, or no such plan", "Error"] },
    }),
    get: operation({
      summary: "A tenant's plan, licence and calendar.",
      keys: "admin",
      parameters: [pathParam("id", "TenantId")],
      answers: {
        200: ["The tenant", "Tenant"],
        400: ["The id is none", "Error"],
        404: ["The tenant is not registered", "Error"],
      },
    }),
  },
  "/v1/admin/plans": {
    get: operation({
      summary: "The plans in force, the lowest first.",
      keys: "admin",
      answers: { 200: ["The plans", "Plans"] },
    }),
  },
  "/v1/admin/plans/{id}": {
    get: operation({
      summary: "A plan in force, and its versions.",
      keys: "admin",
      parameters: [planId],
      answers: { 200: ["The plan", "PlanWithVersions"], 404: ["There is no such plan", "Error"] },
    }),
    put: operation({
      summary:
        "Put a definition in force as the plan's next version, for all its tenants at once. One that changes nothing " +
        "makes no version.",
      keys: "admin",
      parameters: [planId],
      body: "PlanDefinition",
      answers: { 200: ["What changed", "ChangedPlan"], 400: ["A field is at fault", "Error"] },
    }),
  },
  "/v1/admin/plans/{id}/diff": {
    post: operation({
      summary: "What a definition would change, limit by limit. Changes nothing.",
      keys: "admin",
      parameters: [planId],
      body: "PlanDefinition",
      answers: { 200: ["What would change", "ChangedPlan"], 400: ["A field is at fault", "Error"] },
    }),
  },
  "/v1/admin/plans/{id}/replay": {
    post: operation({
      summary:
        "Who would have been denied, had the plan in force held (in place of plans and overrides) from `from` until `to`: " +
        "recorded usage is led through its hard limits in the order in which it was accounted; from events where they are " +
        "kept, from hours before that. Changes nothing.",
      keys: "admin",
      parameters: [planId],
      body: "ReplayRequest",
      answers: {
        200: ["Who, when first, how often and by how much", "PlanReplay"],
        400: ["A field is at fault", "Error"],
        404: ["There is no such plan", "Error"],
      },
    }),
  },
  "/v1/admin/overrides": {
    post: operation({
      summary:
        "Give a tenant a limit of its own in place of its plan's (setCustomQuota). Of several for a resource and period " +
        "that are in force, the one made last holds.",
      keys: "admin",
      body: "NewOverride",
      answers: {
        200: ["Was made before, by the same request", "Override"],
        201: ["The override", "Override"],
        400: ["A field is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
        409: ["The id was used for another override", "Error"],
      },
    }),
    get: operation({
      summary: "The overrides that a tenant has and had, the one made last first.",
      keys: "admin",
      parameters: [tenantId],
      answers: {
        200: ["The overrides", "Overrides"],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant is not registered", "Error"],
      },
    }),
  },
  "/v1/admin/overrides/{id}": {
    delete: operation({
      summary: "Revoke an override: its limit holds no longer.",
      keys: "admin",
      parameters: [pathParam("id", "OverrideId"), tenantId],
      answers: {
        204: ["It holds no longer; also when repeated", null],
        400: ["A parameter is at fault", "Error"],
        404: ["The tenant has no such override", "Error"],
      },
    }),
  },
};
