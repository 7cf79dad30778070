import type { QuotaStatus } from "@quotel/conventions";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import { ok } from "../http/answer.ts";
import type { Answer } from "../http/answer.ts";
import { refuse, tenantNotFound } from "../http/refusal.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Route } from "../http/route.ts";
import { chooseTenant, tenantIdSchema, tenantOf } from "../http/tenancy.ts";
import { parse } from "../http/validation.ts";
import { lastDays } from "./last-days.ts";
import { limitsOnWire } from "./limits.ts";
import { readStanding } from "./read-standing.ts";
import type { StandingParts } from "./read-standing.ts";
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

/** `/v1/usage` and `/v1/quota/status`: a tenant's usage and its limits, for its owner and for services. */
export function usageRoutes(parts: StandingParts): Route[] {
  const stats = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const query = parse(statsQuery, req.query);
    if (!query.ok) return refuse(query.refusal);
    const chosen = chooseTenant(key, query.value.tenantId);
    if (!chosen.ok) return refuse(chosen.refusal);
    const tenantId = chosen.value;
    const { days } = query.value;
    const { tenant, limits } = await readStanding(parts, tenantId, key);
    const period = lastDays(tenant.readAtMs, days, tenant.calendar);
    const usage = await sumDailyUsage(parts.pool, tenantId, period);
    if (tenant.plan === null && usage.length === 0) return refuse(tenantNotFound(tenantId));
    return ok(statsOf({ tenantId, tenant, days, period, usage, limits }));
  };
  const status = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const chosen = tenantOf(req, key, undefined);
    if (!chosen.ok) return refuse(chosen.refusal);
    const tenantId = chosen.value;
    const { tenant, limits } = await readStanding(parts, tenantId, key);
    if (tenant.plan === null) return refuse(tenantNotFound(tenantId));
    const timestamp = new Date(tenant.readAtMs).toISOString();
    return ok({ tenantId, plan: tenant.plan, limits: limitsOnWire(limits, tenant), timestamp } satisfies QuotaStatus);
  };
  return [
    { method: "get", path: "/v1/usage/stats", kinds: ["service", "admin", "tenant"], handle: stats },
    { method: "get", path: "/v1/quota/status", kinds: ["service", "admin", "tenant"], handle: status },
  ];
}
