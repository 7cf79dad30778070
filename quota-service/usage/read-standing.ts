import type { Pool } from "pg";
import type { Caller, DecisionEngine } from "../decisions/contract.ts";
import { defaultPlanLimits } from "./default-plan-limits.ts";
import { readQuotaStatus } from "./read-quota-status.ts";
import type { LimitStatus } from "./read-quota-status.ts";
import { readTenant } from "./read-tenant.ts";
import type { TenantRecord } from "./read-tenant.ts";

export interface StandingParts {
  readonly pool: Pool;
  readonly engine: DecisionEngine;
  /** Plan of tenants that nobody has registered; null = they are unknown. */
  readonly defaultPlan: string | null;
}

/** Which plan a tenant is on, and how it stands by each limit that holds for it. */
export interface Standing {
  /** Its plan is null where nobody has registered it and no default plan is in force. */
  readonly tenant: TenantRecord;
  readonly limits: readonly LimitStatus[];
}

/** A tenant's standing as decisions see it: one that nobody has registered is on the default plan. */
export async function readStanding(
  { pool, engine, defaultPlan }: StandingParts,
  tenantId: string,
  caller: Caller,
): Promise<Standing> {
  const [tenant, limits] = await Promise.all([readTenant(pool, tenantId), readQuotaStatus(pool, tenantId)]);
  if (tenant.plan !== null || defaultPlan === null) return { tenant, limits };
  const defaults = await defaultPlanLimits(pool, engine, { tenantId, planId: defaultPlan }, caller);
  return defaults === null ? { tenant, limits } : { tenant: { ...tenant, plan: defaultPlan }, limits: defaults };
}
