import type { RunningOverride } from "#database/overrides/read-running-overrides";
import type { Limit } from "../limit.ts";

/**
 * The limits that hold for a tenant at an instant: for each resource and period the override in force, the one made last
 * where there are several, else the plan's. In order of resource and period. Pure.
 *
 * @param overrides of the tenant, those not revoked
 */
export function effectiveLimits(
  ofPlan: readonly Limit[],
  overrides: readonly RunningOverride[],
  atMs: number,
): readonly Limit[] {
  const inForce = overrides.filter(
    ({ validFromMs, validUntilMs }) => validFromMs <= atMs && (validUntilMs === null || atMs < validUntilMs),
  );
  if (inForce.length === 0) return ofPlan;
  const effective = new Map(ofPlan.map((limit) => [nameOf(limit), limit]));
  for (const { limit } of [...inForce].sort(byMaking)) effective.set(nameOf(limit), { ...limit, source: "override" });
  return [...effective].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, limit]) => limit);
}

function byMaking(a: RunningOverride, b: RunningOverride): number {
  return a.madeAtMicros - b.madeAtMicros || (a.overrideId < b.overrideId ? -1 : 1);
}

function nameOf({ resource, period }: Pick<Limit, "resource" | "period">): string {
  return `${resource} ${period}`;
}
