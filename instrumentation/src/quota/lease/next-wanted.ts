/** How a resource of a lease was spent. */
export interface Spending {
  readonly granted: number;
  readonly spent: number;
  /** How much of the time to spend it has passed, 0 to 1. */
  readonly lifeShare: number;
  /** What a piece of work asks for. */
  readonly ask: number;
}

/** A lease for fewer pieces of work is not worth its round trip. */
const ASKS_MIN = 8;
/** Far beyond any need, and far from where sums of it stop being exact. */
const WANTED_MAX = 2 ** 40;
const LIFE_SHARE_MIN = 0.01;

/**
 * How much the next lease asks for: twice what this one granted where it would have been spent before its time, half where
 * most of it would have been left. Starts from what was granted, not from what was wanted, so it stays near what a limit
 * can give. Pure.
 */
export function nextWanted({ granted, spent, lifeShare, ask }: Spending): number {
  const wholeLife = spent / Math.max(lifeShare, LIFE_SHARE_MIN);
  const next = wholeLife > granted ? granted * 2 : wholeLife < granted / 4 ? Math.ceil(granted / 2) : granted;
  return Math.min(WANTED_MAX, Math.max(next, firstWanted(ask)));
}

/** How much the first lease asks for. */
export function firstWanted(ask: number): number {
  return Math.min(WANTED_MAX, Math.max(1, ask * ASKS_MIN));
}
