import { QUOTA_UNAVAILABLE, TENANT_REQUIRED, refusal, responseOf, send } from "../quota/refusal.ts";
import type { Refusal } from "../quota/refusal.ts";
import type { Middleware } from "../quota/enforce-quota.ts";
import { holderStorage } from "../tenant/holders.ts";
import { acceptTenantId, findTenant } from "../tenant/resolve.ts";
import { newHolder } from "../tenant/tenant.ts";
import { PlanRestrictions } from "./plan-restrictions.ts";
import type { PlanNeeds, PlanVerdict } from "./plan-restrictions.ts";

export interface PlanGateOptions {
  /** Whom to ask. Default: the quota service of the environment. */
  readonly plans?: PlanRestrictions;
  /** What no answer of the service means. Default `open`: the request goes on. */
  readonly failMode?: "open" | "closed";
}

/**
 * Middleware that lets a request go on only if its tenant's plan has a feature: else 403, with why.
 *
 *     app.use("/export", requireFeature("export"));
 */
export function requireFeature(feature: string, options: PlanGateOptions = {}): Middleware {
  return gate({ feature }, options);
}

/**
 * Middleware that lets a request go on only if its tenant's plan stands as high as another: else 403, with why.
 *
 *     app.use("/reports", requireMinimumPlan("pro"));
 */
export function requireMinimumPlan(minimumPlan: string, options: PlanGateOptions = {}): Middleware {
  return gate({ minimumPlan }, options);
}

/**
 * Wraps a fetch handler (a Next.js route, a Hono handler): it runs only if the tenant's plan has all it needs, else it is 403
 * (429 where what is asked for would fit at another time), with why.
 *
 *     export const POST = withPlanRestrictions(handle, { feature: "export" }, { tenant: (request) => tenantOfSession(request) });
 */
export function withPlanRestrictions<Asked extends Request, Rest extends unknown[]>(
  handler: (request: Asked, ...rest: Rest) => Response | Promise<Response>,
  needs: PlanNeeds,
  options: PlanGateOptions & {
    /** The request's tenant. Default: the current one. */
    readonly tenant?: (request: Request) => string | null | Promise<string | null>;
  } = {},
): (request: Asked, ...rest: Rest) => Promise<Response> {
  const plans = options.plans ?? new PlanRestrictions();
  return async (request, ...rest) => {
    const holder = holderStorage().getStore() ?? newHolder(null);
    const named = options.tenant === undefined ? await findTenant(holder) : await options.tenant(request);
    const tenantId = named === null ? null : acceptTenantId(named);
    const refused = await refusalFor(plans, needs, tenantId, options.failMode);
    return refused === null ? handler(request, ...rest) : responseOf(refused);
  };
}

function gate(needs: PlanNeeds, options: PlanGateOptions): Middleware {
  const plans = options.plans ?? new PlanRestrictions();
  return (req, res, next) => {
    const storage = holderStorage();
    const holder = storage.getStore() ?? newHolder(req);
    const judge = async (): Promise<Refusal | null> =>
      refusalFor(plans, needs, await findTenant(holder), options.failMode);
    void storage.run(holder, judge).then(
      (refused) => storage.run(holder, () => (refused === null ? next() : send(res, refused))),
      (err: unknown) => storage.run(holder, () => next(err)),
    );
  };
}

/** Null: the request goes on. */
async function refusalFor(
  plans: PlanRestrictions,
  needs: PlanNeeds,
  tenantId: string | null,
  failMode: "open" | "closed" = "open",
): Promise<Refusal | null> {
  if (tenantId === null) return TENANT_REQUIRED;
  const verdict: PlanVerdict = await plans.applyPlanRestrictions(tenantId, needs);
  if (verdict.kind === "allowed") return null;
  if (verdict.kind === "undecided") return failMode === "open" ? null : QUOTA_UNAVAILABLE;
  const isPassing = verdict.reason === "QUOTA_EXCEEDED" || verdict.reason === "RATE_LIMITED";
  return refusal(isPassing ? 429 : 403, verdict.reason, MESSAGES[verdict.reason] ?? "The plan does not allow this");
}

const MESSAGES: Readonly<Record<string, string>> = {
  FEATURE_NOT_IN_PLAN: "The plan does not have this feature",
  PLAN_TOO_LOW: "This needs a higher plan",
};
