import type { Pool } from "pg";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { instantSchema } from "../../http/instant.ts";
import { invalidRequest, refuse, tenantNotFound } from "../../http/refusal.ts";
import type { Refusal } from "../../http/refusal.ts";
import { pathParameter } from "../../http/request.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { tenantIdSchema } from "../../http/tenancy.ts";
import { parse, parseBody } from "../../http/validation.ts";
import { actorOf } from "../actor.ts";
import { LICENCE_STATUSES, putTenant } from "./put-tenant.ts";
import { readRegisteredTenant } from "./read-registered-tenant.ts";
import { isTimeZone } from "./tenant-calendar.ts";

const pathSchema = z.object({ id: tenantIdSchema });
const settingSchema = z.strictObject({
  plan: z.string(),
  licenceStatus: z.enum(LICENCE_STATUSES).optional(),
  licenceExpiresAt: instantSchema.nullable().optional(),
  zone: z.string().refine(isTimeZone, "must be a time zone such as Europe/Berlin").optional(),
  anchorDay: z.int().min(1).max(31).optional(),
});

/** `/v1/admin/tenants/{id}`: registers a tenant or changes its terms, and shows them. */
export function tenantRoutes(pool: Pool): Route[] {
  const path = "/v1/admin/tenants/{id}";
  const put = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const path = parse(pathSchema, { id: pathParameter(req, "id") });
    if (!path.ok) return refuse(path.refusal);
    const setting = parseBody(settingSchema, req.body);
    if (!setting.ok) return refuse(setting.refusal);
    const tenant = await putTenant(pool, path.value.id, setting.value, actorOf(req, key));
    if (tenant === null) return refuse(await unknownPlan(pool, setting.value.plan));
    return ok(tenant);
  };
  const get = async (req: ApiRequest): Promise<Answer> => {
    const path = parse(pathSchema, { id: pathParameter(req, "id") });
    if (!path.ok) return refuse(path.refusal);
    const tenant = await readRegisteredTenant(pool, path.value.id);
    if (tenant === null) return refuse(tenantNotFound(path.value.id));
    return ok(tenant);
  };
  return [
    { method: "put", path, kinds: ["admin"], handle: put },
    { method: "get", path, kinds: ["admin"], handle: get },
  ];
}

async function unknownPlan(pool: Pool, plan: string): Promise<Refusal> {
  const known = (await readPlansInForce(pool)).map(({ planId }) => planId);
  const message = `"${plan.slice(0, 64)}" is not a plan; the plans are ${known.join(", ")}`;
  return { ...invalidRequest([{ path: "plan", message }]), code: "UNKNOWN_PLAN" };
}
