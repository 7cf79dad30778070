export type ModelPeriod = "day" | "month" | "lifetime" | "hour";

export interface ModelLimit {
  readonly period: ModelPeriod;
  /** Null = unlimited. */
  readonly amount: number | null;
  readonly enforcement: "hard" | "soft" | "shadow";
  readonly graceFraction: number;
  readonly graceSeconds: number;
  readonly burst: number;
}

/**
 * What a lease of `wanted` grants, in the words of the rules: of what is left under every hard limit at most a tenth, nothing
 * of a limit's last fifth, and nothing at all where a rate limit holds. Null = refused. Grace is for single reservations.
 */
export function leaseOffer(
  wanted: number,
  limits: readonly ModelLimit[],
  takenUnder: (limit: ModelLimit) => number,
): number | null {
  let offer = wanted;
  for (const limit of limits) {
    if (limit.enforcement !== "hard" || limit.amount === null) continue;
    if (limit.period === "hour") return null;
    const left = limit.amount - takenUnder(limit);
    const aboveLastFifth = Math.floor(left - limit.amount / 5);
    offer = Math.min(offer, Math.floor(left / 10), aboveLastFifth);
  }
  return offer < 1 ? null : offer;
}
