import type { Request, Response } from "express";
import type { Pool } from "pg";
import { z } from "zod";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { invalidRequest, refuse } from "../../http/refusal.ts";
import type { Refusal } from "../../http/refusal.ts";
import { pathParameter } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { tenantIdSchema } from "../../http/tenancy.ts";
import { parse } from "../../http/validation.ts";
import { LICENCE_STATUSES, putTenant } from "./put-tenant.ts";

const settingSchema = z.object({
  tenantId: tenantIdSchema,
  body: z.strictObject({ plan: z.string(), licenceStatus: z.enum(LICENCE_STATUSES).optional() }),
});

/** `PUT /v1/admin/tenants/{id}`: registers a tenant or changes its plan. */
export function tenantRoute(pool: Pool): Route {
  const handle = async (req: Request, res: Response): Promise<void> => {
    const body: unknown = req.body;
    const read = parse(settingSchema, { tenantId: pathParameter(req, "id"), body });
    if (!read.ok) return refuse(res, read.refusal);
    const { plan, licenceStatus = null } = read.value.body;
    const tenant = await putTenant(pool, { tenantId: read.value.tenantId, plan, licenceStatus });
    if (tenant === null) return refuse(res, await unknownPlan(pool, plan));
    res.json(tenant);
  };
  return { method: "put", path: "/v1/admin/tenants/{id}", kinds: ["admin"], handle };
}

async function unknownPlan(pool: Pool, plan: string): Promise<Refusal> {
  const known = (await readPlansInForce(pool)).map(({ planId }) => planId);
  const message = `"${plan.slice(0, 64)}" is not a plan; the plans are ${known.join(", ")}`;
  return { ...invalidRequest([{ path: "plan", message }]), code: "UNKNOWN_PLAN" };
}
