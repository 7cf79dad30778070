import type { QuotaStatus } from "@quotel/conventions";
import type { Pool } from "pg";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import type { DecisionEngine } from "../decisions/contract.ts";
import { ok } from "../http/answer.ts";
import type { Answer } from "../http/answer.ts";
import { refuse, tenantNotFound } from "../http/refusal.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Route } from "../http/route.ts";
import { chooseTenant, tenantIdSchema, tenantOf } from "../http/tenancy.ts";
import { parse } from "../http/validation.ts";
import { lastDays } from "./last-days.ts";
import { limitsOnWire } from "./limits.ts";
import { newTenantStatus } from "./new-tenant-status.ts";
import { readQuotaStatus } from "./read-quota-status.ts";
import { readTenant } from "./read-tenant.ts";
import { statsOf } from "./stats.ts";
import { sumDailyUsage } from "./sum-daily-usage.ts";

const statsQuery = z.strictObject({
  tenantId: tenantIdSchema.optional(),
  days: z
    .string()
    .regex(/^\d{1,3}$/, "must be a whole number from 1 to 366")
    .transform(Number)
    .pipe(z.int().min(1).max(366))
    .default(30),
});

export interface UsageParts {
  readonly pool: Pool;
  readonly engine: DecisionEngine;
  /** Plan of tenants that nobody has registered; null = they are unknown. */
  readonly defaultPlan: string | null;
}

/** `/v1/usage` and `/v1/quota/status`: a tenant's usage and its limits, for its owner and for services. */
export function usageRoutes({ pool, engine, defaultPlan }: UsageParts): Route[] {
  const stats = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const query = parse(statsQuery, req.query);
    if (!query.ok) return refuse(query.refusal);
    const chosen = chooseTenant(key, query.value.tenantId);
    if (!chosen.ok) return refuse(chosen.refusal);
    const tenantId = chosen.value;
    const { days } = query.value;
    const tenant = await readTenant(pool, tenantId);
    const period = lastDays(tenant.readAtMs, days, tenant.calendar);
    const [usage, limits] = await Promise.all([sumDailyUsage(pool, tenantId, period), readQuotaStatus(pool, tenantId)]);
    if (tenant.plan === null && usage.length === 0) return refuse(tenantNotFound(tenantId));
    return ok(statsOf({ tenantId, tenant, days, period, usage, limits }));
  };
  const status = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const chosen = tenantOf(req, key, undefined);
    if (!chosen.ok) return refuse(chosen.refusal);
    const tenantId = chosen.value;
    const [tenant, limits] = await Promise.all([readTenant(pool, tenantId), readQuotaStatus(pool, tenantId)]);
    const { plan, readAtMs } = tenant;
    if (plan === null) return statusOfNewTenant(tenantId, key);
    const timestamp = new Date(readAtMs).toISOString();
    return ok({ tenantId, plan, limits: limitsOnWire(limits, tenant), timestamp } satisfies QuotaStatus);
  };
  const statusOfNewTenant = async (tenantId: string, key: Key): Promise<Answer> => {
    if (defaultPlan === null) return refuse(tenantNotFound(tenantId));
    const status = await newTenantStatus(pool, engine, { tenantId, planId: defaultPlan }, key);
    return status === null ? refuse(tenantNotFound(tenantId)) : ok(status);
  };
  return [
    { method: "get", path: "/v1/usage/stats", kinds: ["service", "admin", "tenant"], handle: stats },
    { method: "get", path: "/v1/quota/status", kinds: ["service", "admin", "tenant"], handle: status },
  ];
}
