import type { LimitDefinition } from "../catalogue.ts";
import type { ChangedPlan } from "../change-plans.ts";
import type { PlanChange } from "../compare-plans.ts";
import type { PlanInForce } from "../read-plans-in-force.ts";

/** What changes about a plan, in lines for people: first the plan, then one line for each change, old -> new. */
export function describeChangedPlan({ planId, version, oldVersion, isNew, changes }: ChangedPlan): string {
  if (!isNew) return `${planId}: unchanged (version ${version})`;
  const head =
    oldVersion === null ? `${planId}: new (version ${version})` : `${planId}: version ${oldVersion} -> ${version}`;
  return [head, ...changes.map((change) => `  ${describeChange(change)}`)].join("\n");
}

/** A plan in force, in lines for people. */
export function describePlan({ planId, version, rank, features, limits }: PlanInForce): string {
  return [
    `${planId} (version ${version}, rank ${rank})`,
    ...(features.length === 0 ? [] : [`  features: ${features.toSorted().join(", ")}`]),
    ...limits.map((limit) => `  ${describeLimit(limit)}`).toSorted(),
  ].join("\n");
}

function describeChange(change: PlanChange): string {
  if (change.kind === "rank_changed") return `rank ${change.old} -> ${change.new}`;
  if (change.kind === "limit_changed") {
    const fields = change.fields.map(
      ({ field, old, new: next }) => `${field} ${shown(field, old)} -> ${shown(field, next)}`,
    );
    return `${change.resource} per ${change.period}: ${fields.join(", ")}`;
  }
  const sign = change.kind === "limit_added" || change.kind === "feature_added" ? "+" : "-";
  return `${sign} ${"limit" in change ? describeLimit(change.limit) : `feature ${change.feature}`}`;
}

const DEFAULTS: Partial<LimitDefinition> = {
  enforcement: "hard",
  warnAt: 0.8,
  graceFraction: 0,
  graceSeconds: 0,
  burst: 0,
  onUnavailable: "allow",
  onUnpriced: "allow",
};

/** The amount, and what is not as it is where nothing is said. */
function describeLimit(limit: LimitDefinition): string {
  const { resource, period, amount, ...rest } = limit;
  const special = Object.entries({ ...rest }).filter(
    ([field, value]) => value !== DEFAULTS[field as keyof typeof rest],
  );
  const more = special.map(([field, value]) => `, ${field} ${value}`).join("");
  return `${resource} per ${period}: ${shown("amount", amount)}${more}`;
}

function shown(field: string, value: string | number | null): string {
  return field === "amount" && value === null ? "unlimited" : String(value);
}
