/** `@quotel/instrumentation/plans`: what a tenant's plan allows. */
export { PlanRestrictions } from "./plans/plan-restrictions.ts";
export type { PlanNeeds, PlanVerdict } from "./plans/plan-restrictions.ts";
export { requireFeature, requireMinimumPlan, withPlanRestrictions } from "./plans/plan-gate.ts";
export type { PlanGateOptions } from "./plans/plan-gate.ts";
