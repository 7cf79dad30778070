/** JSON shapes of what a tenant's plan offers (`/v1/quota/features`, `/minimum-plan`, `/suggest-upgrade`). */

/** `GET /v1/quota/features/{feature}`. */
export interface FeatureDecision {
  readonly tenantId: string;
  readonly feature: string;
  readonly allowed: boolean;
  readonly reason: "FEATURE_NOT_IN_PLAN" | "LICENSE_INACTIVE" | null;
  /** The plan the tenant is on. */
  readonly plan: string;
  /** The lowest plan that has the feature; null where none has. */
  readonly minimumPlan: string | null;
  /** The lowest plan above the tenant's that has it; null where the plan has it, or none above. */
  readonly suggestUpgrade: string | null;
}

/** `GET /v1/quota/minimum-plan/{plan}`. */
export interface MinimumPlanDecision {
  readonly tenantId: string;
  /** Whether the tenant's plan stands as high as the one asked for, or higher. */
  readonly allowed: boolean;
  readonly reason: "PLAN_TOO_LOW" | "LICENSE_INACTIVE" | null;
  readonly plan: string;
  readonly minimumPlan: string;
}

/** `POST /v1/quota/suggest-upgrade`, of a feature or of an amount of a resource. */
export interface UpgradeSuggestion {
  readonly tenantId: string;
  readonly plan: string;
  /** Whether the tenant's plan allows it now. */
  readonly suffices: boolean;
  /** The lowest plan above it that would; null where it suffices, or none would. */
  readonly suggestUpgrade: string | null;
}
