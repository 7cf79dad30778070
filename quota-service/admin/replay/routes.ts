import pLimit from "p-limit";
import type { Pool } from "pg";
import { z } from "zod";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { instantSchema } from "../../http/instant.ts";
import { invalidRequest, refuse } from "../../http/refusal.ts";
import { pathParameter } from "../../http/request.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { tenantIdSchema } from "../../http/tenancy.ts";
import { parseBody } from "../../http/validation.ts";
import { planNotFound } from "../plans/routes.ts";
import { replayOnWire } from "./replay-on-wire.ts";
import { replayPlan } from "./replay-plan.ts";

const LONGEST_DAYS = 366;
const DAY_MS = 86_400_000;

const bodySchema = z.strictObject({
  from: instantSchema,
  to: instantSchema,
  tenants: z.array(tenantIdSchema).min(1).max(1000).optional(),
});

/** `POST /v1/admin/plans/{id}/replay`: who would have been denied under a plan, from recorded usage (X6). */
export function replayRoute(pool: Pool): Route {
  // A replay keeps a connection for as long as it reads, and decisions need the others.
  const oneAtATime = pLimit(1);
  const handle = async (req: ApiRequest): Promise<Answer> => {
    const body = parseBody(bodySchema, req.body);
    if (!body.ok) return refuse(body.refusal);
    const { from: fromMs, to: toMs, tenants = null } = body.value;
    if (fromMs >= toMs) return refuse(invalidRequest([{ path: "to", message: "must be after from" }]));
    if (toMs - fromMs > LONGEST_DAYS * DAY_MS) {
      return refuse(invalidRequest([{ path: "to", message: `must be at most ${LONGEST_DAYS} days after from` }]));
    }
    const planId = pathParameter(req, "id");
    const plan = (await readPlansInForce(pool)).find((it) => it.planId === planId);
    if (plan === undefined) return refuse(planNotFound(planId));
    const request = { limits: plan.limits, fromMs, toMs, tenants };
    return ok(replayOnWire(plan, request, await oneAtATime(() => replayPlan(pool, request))));
  };
  return { method: "post", path: "/v1/admin/plans/{id}/replay", kinds: ["admin"], handle };
}
