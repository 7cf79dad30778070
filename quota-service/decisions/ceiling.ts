import type { Limit } from "./limit.ts";

/**
 * The most that used, held and asked may come to under a hard limit: its amount, and what its grace adds. Infinity where
 * it is unlimited and while its grace time runs, which is from the instant at which it was first exceeded on. Pure.
 *
 * @param crossedAtMs when it was first exceeded in this period; null = not yet
 */
export function ceilingOf(limit: Limit, crossedAtMs: number | null, nowMs: number): number {
  if (limit.amount === null) return Infinity;
  const hasTime = crossedAtMs === null || nowMs < crossedAtMs + limit.graceSeconds * 1000;
  if (limit.graceSeconds > 0 && hasTime) return Infinity;
  return amountWithGrace(limit.amount, limit.graceFraction);
}

/** An amount and a fraction of it, rounded down. Fractions have three digits; in integers, because it has to be exact. */
export function amountWithGrace(amount: number, fraction: number): number {
  if (fraction === 0) return amount;
  return amount + Number((BigInt(amount) * BigInt(Math.round(fraction * 1000))) / 1000n);
}
