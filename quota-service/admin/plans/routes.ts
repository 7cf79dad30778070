import type { Pool } from "pg";
import { z } from "zod";
import type { Key } from "#database/keys/api-key";
import { isPlanId, planSchema } from "#database/plans/catalogue";
import type { Plan } from "#database/plans/catalogue";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import { ok } from "../../http/answer.ts";
import type { Answer } from "../../http/answer.ts";
import { refuse } from "../../http/refusal.ts";
import type { Parsed, Refusal } from "../../http/refusal.ts";
import { pathParameter } from "../../http/request.ts";
import type { ApiRequest } from "../../http/request.ts";
import type { Route } from "../../http/route.ts";
import { parse, parseBody } from "../../http/validation.ts";
import { actorOf } from "../actor.ts";
import { diffPlan, putPlan } from "./put-plan.ts";
import { readPlanVersions } from "./read-plan-versions.ts";

const pathSchema = z.object({ id: z.string().refine(isPlanId, "is not a plan name: a-z 0-9 _ -, and not none") });

/** `/v1/admin/plans`: the catalogue. A plan is never changed in place: every change is its next version. */
export function planRoutes(pool: Pool): Route[] {
  const path = "/v1/admin/plans/{id}";
  const list = async (): Promise<Answer> => {
    return ok({ plans: (await readPlansInForce(pool)).toSorted((a, b) => a.rank - b.rank) });
  };
  const get = async (req: ApiRequest): Promise<Answer> => {
    const planId = pathParameter(req, "id");
    const [plans, versions] = await Promise.all([readPlansInForce(pool), readPlanVersions(pool, planId)]);
    const plan = plans.find((it) => it.planId === planId);
    if (plan === undefined) return refuse(planNotFound(planId));
    return ok({ ...plan, versions });
  };
  const put = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const read = readPlan(req);
    if (!read.ok) return refuse(read.refusal);
    return ok(await putPlan(pool, read.value.planId, read.value.plan, actorOf(req, key)));
  };
  const diff = async (req: ApiRequest): Promise<Answer> => {
    const read = readPlan(req);
    if (!read.ok) return refuse(read.refusal);
    return ok(await diffPlan(pool, read.value.planId, read.value.plan));
  };
  return [
    { method: "get", path: "/v1/admin/plans", kinds: ["admin"], handle: list },
    { method: "get", path, kinds: ["admin"], handle: get },
    { method: "put", path, kinds: ["admin"], handle: put },
    { method: "post", path: `${path}/diff`, kinds: ["admin"], handle: diff },
  ];
}

function readPlan(req: ApiRequest): Parsed<{ readonly planId: string; readonly plan: Plan }> {
  const path = parse(pathSchema, { id: pathParameter(req, "id") });
  if (!path.ok) return path;
  const plan = parseBody(planSchema, req.body);
  return plan.ok ? { ok: true, value: { planId: path.value.id, plan: plan.value } } : plan;
}

export function planNotFound(planId: string): Refusal {
  return { status: 404, code: "PLAN_NOT_FOUND", message: `There is no plan "${planId.slice(0, 64)}"` };
}
