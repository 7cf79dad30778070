import type { FeatureDecision, MinimumPlanDecision, QuotaItem, UpgradeSuggestion } from "@quotel/conventions";

import type { ReadOutcome } from "../quota/client/answers.ts";
import { QuotaClient } from "../quota/client/quota-client.ts";
import type { CheckOutcome } from "../quota/client/outcomes.ts";
import { AnswerCache } from "./answer-cache.ts";

/** What work needs of a plan; what is left out is not asked for. */
export interface PlanNeeds {
  readonly feature?: string;
  readonly minimumPlan?: string;
  readonly items?: readonly QuotaItem[];
}

/** `undecided`: the service gave no answer, or objected; it is up to the caller what that means. */
export type PlanVerdict =
  { readonly kind: "allowed" } | { readonly kind: "refused"; readonly reason: string } | { readonly kind: "undecided" };

/**
 * What tenants' plans allow. The service is asked, plan data is nowhere else; what it says of features and plans holds for
 * five seconds, what it says of usage not at all.
 *
 *     const plans = new PlanRestrictions();
 *     if (!(await plans.isFeatureAllowed("acme", "export"))) return upgrade(await plans.suggestUpgrade("acme", { feature: "export" }));
 */
export class PlanRestrictions {
  readonly #client: QuotaClient;
  readonly #features = new AnswerCache<FeatureDecision>();
  readonly #minimumPlans = new AnswerCache<MinimumPlanDecision>();

  constructor(client: QuotaClient = new QuotaClient()) {
    this.#client = client;
  }

  /** Whether a tenant's plan has the feature. Without an answer true: an outage of ours is none of the app's. */
  async isFeatureAllowed(tenantId: string, feature: string): Promise<boolean> {
    return (await this.requireFeature(tenantId, feature)).kind !== "refused";
  }

  /** The same, with the reason, and without an answer `undecided`. */
  async requireFeature(tenantId: string, feature: string): Promise<PlanVerdict> {
    const ask = () => this.#client.getFeature(tenantId, feature);
    return verdictOf(await this.#features.get(`${tenantId} ${feature}`, ask));
  }

  /** Whether a tenant's plan stands as high as `plan`. */
  async requireMinimumPlan(tenantId: string, plan: string): Promise<PlanVerdict> {
    const ask = () => this.#client.getMinimumPlan(tenantId, plan);
    return verdictOf(await this.#minimumPlans.get(`${tenantId} ${plan}`, ask));
  }

  /** Whether so much more of a resource fits. Holds nothing: work that must not exceed a limit reserves. */
  checkUsageLimit(tenantId: string, resource: string, amount = 1): Promise<CheckOutcome> {
    return this.#client.check({ tenantId, resource, amount });
  }

  /** Whether a file of so many bytes fits into what the tenant may store. */
  checkFileUploadSize(tenantId: string, bytes: number, resource = "storage_bytes"): Promise<CheckOutcome> {
    return this.#client.check({ tenantId, resource, amount: bytes });
  }

  /** Whether a request more is within the plan's rates. Only looks: a reservation uses the rate up. */
  checkPlanRateLimit(tenantId: string, resource = "api_calls"): Promise<CheckOutcome> {
    return this.#client.check({ tenantId, resource, amount: 1 });
  }

  /** Everything work needs at once: the first refusal, else the first question without an answer, else allowed. */
  async applyPlanRestrictions(tenantId: string, needs: PlanNeeds): Promise<PlanVerdict> {
    const { feature, minimumPlan, items } = needs;
    const verdicts = await Promise.all([
      ...(feature === undefined ? [] : [this.requireFeature(tenantId, feature)]),
      ...(minimumPlan === undefined ? [] : [this.requireMinimumPlan(tenantId, minimumPlan)]),
      ...(items === undefined ? [] : [this.#client.check({ tenantId, items }).then(verdictOfCheck)]),
    ]);
    const worst = verdicts.find(({ kind }) => kind === "refused") ?? verdicts.find(({ kind }) => kind === "undecided");
    return worst ?? { kind: "allowed" };
  }

  /** The lowest plan above the tenant's with the feature, or with room for the amount. */
  suggestUpgrade(
    tenantId: string,
    wish: { readonly feature: string } | QuotaItem,
  ): Promise<ReadOutcome<UpgradeSuggestion>> {
    return this.#client.suggestUpgrade(tenantId, wish);
  }
}

function verdictOf(answer: ReadOutcome<FeatureDecision | MinimumPlanDecision>): PlanVerdict {
  if (answer.kind !== "done") return { kind: "undecided" };
  const { allowed, reason } = answer.value;
  return allowed ? { kind: "allowed" } : { kind: "refused", reason: reason ?? "DENIED" };
}

/** A decision made without the service is one all the same: the client's `failMode` made it. */
function verdictOfCheck(outcome: CheckOutcome): PlanVerdict {
  if (outcome.kind !== "decided") return { kind: "undecided" };
  const { allowed, reason, mode } = outcome.decision;
  return allowed ? { kind: "allowed" } : { kind: "refused", reason: reason ?? mode.toUpperCase() };
}
