import type { FeatureDecision, MinimumPlanDecision, UpgradeSuggestion } from "@quotel/conventions";
import type { Pool } from "pg";
import type { Key } from "#database/keys/api-key";
import { listOverrides } from "#database/overrides/list-overrides";
import { readPlansInForce } from "#database/plans/read-plans-in-force";
import type { PlanInForce } from "#database/plans/read-plans-in-force";
import { ok } from "../http/answer.ts";
import type { Answer } from "../http/answer.ts";
import { refuse, tenantNotFound } from "../http/refusal.ts";
import type { Parsed, Refusal } from "../http/refusal.ts";
import { pathParameter } from "../http/request.ts";
import type { ApiRequest } from "../http/request.ts";
import type { Route } from "../http/route.ts";
import { tenantOf } from "../http/tenancy.ts";
import type { KnownResources } from "../quota/known-resources.ts";
import { readSubscription } from "./read-subscription.ts";
import type { Subscription } from "./read-subscription.ts";
import { readTaken } from "./read-taken.ts";
import { readFeature, readUpgradeBody } from "./requests.ts";
import type { UpgradeBody } from "./requests.ts";
import { allows, minimumPlan, suggestUpgrade } from "./suggest-upgrade.ts";
import type { Demand } from "./suggest-upgrade.ts";

/** What a tenant's plan offers, and which one would offer more: `/v1/quota/features`, `minimum-plan`, `suggest-upgrade`. */
export function planOfferRoutes(pool: Pool, resources: KnownResources, defaultPlan: string | null): Route[] {
  const offers = new PlanOffers(pool, resources, defaultPlan);
  const kinds = ["service", "admin", "tenant"] as const;
  return [
    { method: "get", path: "/v1/quota/features/{feature}", kinds, handle: offers.feature },
    { method: "get", path: "/v1/quota/minimum-plan/{plan}", kinds, handle: offers.minimumPlan },
    { method: "post", path: "/v1/quota/suggest-upgrade", kinds, handle: offers.upgrade },
  ];
}

interface Offer extends Subscription {
  readonly tenantId: string;
  readonly plans: readonly PlanInForce[];
}

class PlanOffers {
  readonly #pool: Pool;
  readonly #resources: KnownResources;
  readonly #defaultPlan: string | null;

  constructor(pool: Pool, resources: KnownResources, defaultPlan: string | null) {
    this.#pool = pool;
    this.#resources = resources;
    this.#defaultPlan = defaultPlan;
  }

  feature = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const name = readFeature(pathParameter(req, "feature"));
    if (!name.ok) return refuse(name.refusal);
    const offer = await this.#offerOf(req, key, undefined);
    if (!offer.ok) return refuse(offer.refusal);
    const { tenantId, plan, licensed, plans } = offer.value;
    const feature = name.value;
    const included = plans.some((it) => it.planId === plan && it.features.includes(feature));
    return ok({
      tenantId,
      feature,
      allowed: licensed && included,
      reason: licensed ? (included ? null : "FEATURE_NOT_IN_PLAN") : "LICENSE_INACTIVE",
      plan,
      minimumPlan: minimumPlan(plans, feature),
      suggestUpgrade: included ? null : suggestUpgrade(plans, plan, { kind: "feature", feature }),
    } satisfies FeatureDecision);
  };

  minimumPlan = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const offer = await this.#offerOf(req, key, undefined);
    if (!offer.ok) return refuse(offer.refusal);
    const { tenantId, plan, licensed, plans } = offer.value;
    const minimum = plans.find(({ planId }) => planId === pathParameter(req, "plan"));
    if (minimum === undefined) return refuse(PLAN_NOT_FOUND);
    const reached = (plans.find(({ planId }) => planId === plan)?.rank ?? -1) >= minimum.rank;
    return ok({
      tenantId,
      allowed: licensed && reached,
      reason: licensed ? (reached ? null : "PLAN_TOO_LOW") : "LICENSE_INACTIVE",
      plan,
      minimumPlan: minimum.planId,
    } satisfies MinimumPlanDecision);
  };

  upgrade = async (req: ApiRequest, key: Key): Promise<Answer> => {
    const body = readUpgradeBody(req.body);
    if (!body.ok) return refuse(body.refusal);
    const { item } = body.value;
    const unknown = item ? await this.#resources.refuseUnknown([item], {}) : null;
    if (unknown !== null) return refuse(unknown);
    const offer = await this.#offerOf(req, key, body.value.tenantId);
    if (!offer.ok) return refuse(offer.refusal);
    const { tenantId, plan, plans } = offer.value;
    const demand = await this.#demandOf(tenantId, body.value);
    const suffices = plans.some((it) => it.planId === plan && allows(it, demand));
    return ok({
      tenantId,
      plan,
      suffices,
      suggestUpgrade: suffices ? null : suggestUpgrade(plans, plan, demand),
    } satisfies UpgradeSuggestion);
  };

  /** A tenant that nobody has registered is on the default plan, as for a check; without one it is unknown. */
  async #offerOf(req: ApiRequest, key: Key, fromBody: string | undefined): Promise<Parsed<Offer>> {
    const tenant = tenantOf(req, key, fromBody);
    if (!tenant.ok) return tenant;
    const tenantId = tenant.value;
    const [known, plans] = await Promise.all([readSubscription(this.#pool, tenantId), readPlansInForce(this.#pool)]);
    if (known !== null) return { ok: true, value: { tenantId, plans, ...known } };
    if (this.#defaultPlan === null) return { ok: false, refusal: tenantNotFound(tenantId) };
    return { ok: true, value: { tenantId, plans, plan: this.#defaultPlan, licensed: true } };
  }

  async #demandOf(tenantId: string, { feature, item }: UpgradeBody): Promise<Demand> {
    if (item === undefined) return { kind: "feature", feature };
    const [taken, overrides] = await Promise.all([
      readTaken(this.#pool, tenantId, item.resource),
      listOverrides(this.#pool, tenantId),
    ]);
    const inForce = overrides.filter(({ state }) => state === "in_force").map(({ limit }) => limit);
    return { kind: "amount", ...item, taken, overrides: inForce };
  }
}

const PLAN_NOT_FOUND: Refusal = {
  status: 404,
  code: "PLAN_NOT_FOUND",
  message: "There is no plan of this name in force",
};
