import type { LiveOverride } from "#database/overrides/read-live-overrides";
import type { Limit } from "./limit.ts";

/**
 * The limits that hold for a tenant at an instant: for each resource and period the override in force, of several the one
 * made last, else the plan's. An override may limit what the plan does not. Pure.
 *
 * @param overrides of the tenant, the one made last first
 */
export function effectiveLimits(
  planLimits: readonly Limit[],
  overrides: readonly LiveOverride[],
  atMs: number,
): readonly Limit[] {
  const inForce = overrides.filter((override) => isInForce(override, atMs));
  if (inForce.length === 0) return planLimits;
  const byPlace = new Map<string, Limit>(planLimits.map((limit) => [placeOf(limit), limit]));
  for (const { tenantId: _tenant, fromMs: _from, untilMs: _until, ...limit } of inForce.toReversed()) {
    byPlace.set(placeOf(limit), { ...limit, source: "override" });
  }
  return [...byPlace.values()];
}

/** Whether the same overrides are in force at both instants. */
export function sameInForce(overrides: readonly LiveOverride[], aMs: number, bMs: number): boolean {
  return overrides.every((override) => isInForce(override, aMs) === isInForce(override, bMs));
}

function isInForce({ fromMs, untilMs }: LiveOverride, atMs: number): boolean {
  return fromMs <= atMs && atMs < untilMs;
}

function placeOf({ resource, period }: Pick<Limit, "resource" | "period">): string {
  return `${resource} ${period}`;
}
