import type { Request, Response } from "express";
import type { Pool } from "pg";
import { z } from "zod";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { invalidRequest, refuse } from "../../http/refusal.ts";
import type { Refusal } from "../../http/refusal.ts";
import { pathParameter } from "../../http/route.ts";
import type { Route } from "../../http/route.ts";
import { tenantIdSchema } from "../../http/tenancy.ts";
import { parse, parseBody } from "../../http/validation.ts";
import { LICENCE_STATUSES, putTenant } from "./put-tenant.ts";

const pathSchema = z.object({ id: tenantIdSchema });
const settingSchema = z.strictObject({ plan: z.string(), licenceStatus: z.enum(LICENCE_STATUSES).optional() });

/** `PUT /v1/admin/tenants/{id}`: registers a tenant or changes its plan. */
export function tenantRoute(pool: Pool): Route {
  const handle = async (req: Request, res: Response): Promise<void> => {
    const path = parse(pathSchema, { id: pathParameter(req, "id") });
    if (!path.ok) return refuse(res, path.refusal);
    const setting = parseBody(settingSchema, req.body);
    if (!setting.ok) return refuse(res, setting.refusal);
    const { plan, licenceStatus = null } = setting.value;
    const tenant = await putTenant(pool, { tenantId: path.value.id, plan, licenceStatus });
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
