import type { LimitDefinition } from "#database/plans/catalogue";
import type { RankedPlan } from "#database/plans/compare-plans";
import { amountWithGrace } from "../decisions/verdict/quota-standing.ts";

/** A plan that a tenant may be on. */
export interface OfferedPlan extends RankedPlan {
  readonly planId: string;
}

/** What a tenant needs. */
export type Demand =
  | { readonly kind: "feature"; readonly feature: string }
  | {
      readonly kind: "amount";
      readonly resource: string;
      readonly amount: number;
      /** What is used and held in the periods that hold now, and of a level what is held; nothing where one is missing. */
      readonly taken: ReadonlyMap<LimitDefinition["period"], number>;
      /** The tenant's overrides in force: they stay in place of any plan's limits. */
      readonly overrides: readonly LimitDefinition[];
    };

/**
 * The lowest-ranked plan above the present one that would allow what is demanded; null where none would. Pure.
 *
 * @param presentPlan its rank is the bar; a plan nobody offers is below all others
 */
export function suggestUpgrade(plans: readonly OfferedPlan[], presentPlan: string, demand: Demand): string | null {
  const rank = plans.find(({ planId }) => planId === presentPlan)?.rank ?? -1;
  return lowest(plans.filter((plan) => plan.rank > rank && allows(plan, demand)));
}

/** The lowest-ranked plan that has a feature; null where none has. Pure. */
export function minimumPlan(plans: readonly OfferedPlan[], feature: string): string | null {
  return lowest(plans.filter(({ features }) => features.includes(feature)));
}

/** Whether a plan allows what is demanded; soft and shadow limits deny nothing. Pure. */
export function allows(plan: RankedPlan, demand: Demand): boolean {
  if (demand.kind === "feature") return plan.features.includes(demand.feature);
  const { resource, amount, taken, overrides } = demand;
  const overridden = new Set(overrides.filter((limit) => limit.resource === resource).map(({ period }) => period));
  const limits = [...overrides, ...plan.limits.filter(({ period }) => !overridden.has(period))];
  return limits.every(
    (limit) =>
      limit.resource !== resource ||
      limit.enforcement !== "hard" ||
      limit.amount === null ||
      (taken.get(limit.period) ?? 0) + amount <= amountWithGrace(limit.amount, limit.graceFraction) + limit.burst,
  );
}

function lowest(plans: readonly OfferedPlan[]): string | null {
  return plans.toSorted((a, b) => a.rank - b.rank || (a.planId < b.planId ? -1 : 1))[0]?.planId ?? null;
}
