import type { Pool } from "pg";
import { overrideRoutes } from "./admin/overrides/routes.ts";
import { planRoutes } from "./admin/plans/routes.ts";
import { replayRoute } from "./admin/replay/routes.ts";
import { tenantRoutes } from "./admin/tenants/routes.ts";
import { adminUsageRoute } from "./admin/usage/route.ts";
import type { DecisionEngine } from "./decisions/contract.ts";
import type { Metrics } from "./health/metrics.ts";
import { healthRoutes } from "./health/routes.ts";
import type { Route } from "./http/route.ts";
import { planOfferRoutes } from "./plans/routes.ts";
import { openapiRoute } from "./openapi/route.ts";
import { explainRoute } from "./quota/explain/route.ts";
import { KnownResources } from "./quota/known-resources.ts";
import { quotaRoutes } from "./quota/routes.ts";
import { usageRoutes } from "./usage/routes.ts";

export interface RouteParts {
  readonly pool: Pool;
  readonly engine: DecisionEngine;
  /** Plan of tenants that nobody has registered; null = they are unknown. */
  readonly defaultPlan: string | null;
  readonly metrics: Metrics;
  /** Whether keys are stored and plans are in force. */
  readonly isPrepared: () => boolean;
}

/** Everything the service serves; `openapi/` documents exactly these. */
export function allRoutes({ pool, engine, defaultPlan, metrics, isPrepared }: RouteParts): Route[] {
  const resources = new KnownResources(pool);
  return [
    ...quotaRoutes(engine, resources),
    ...planOfferRoutes(pool, resources, defaultPlan),
    explainRoute(pool),
    ...usageRoutes({ pool, engine, defaultPlan }),
    adminUsageRoute(pool),
    ...tenantRoutes(pool),
    ...planRoutes(pool),
    replayRoute(pool),
    ...overrideRoutes(pool, resources),
    ...healthRoutes(pool, metrics, isPrepared),
    openapiRoute,
  ];
}
