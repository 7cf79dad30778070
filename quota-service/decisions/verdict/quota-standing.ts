import type { LimitStanding } from "./limit-standing.ts";
import type { Limit } from "../limit.ts";

/** What a tenant has used and holds of a resource in the period of a quota. */
export interface QuotaFacts {
  readonly used: number;
  readonly reserved: number;
  /** Infinity for a lifetime and a level. */
  readonly resetsAtMs: number;
  /** When something past the amount was first admitted in this period; null = not yet, or the limit has no grace time. */
  readonly crossedAtMs: number | null;
  /** Events of the period without a price, where the limit denies for them; else 0. */
  readonly unpriced: number;
}

/** The instant of the decision, and the first at which a hold of the tenant ends (null = nothing is held, or not asked). */
export interface Instants {
  readonly nowMs: number;
  readonly firstExpiryMs: number | null;
}

/**
 * How a quota or a level stands (I8): up to the amount and its grace fraction, used + reserved + requested fits; and
 * while its grace time runs, or has not begun, everything does. Pure.
 */
export function quotaStanding(limit: Limit, facts: QuotaFacts, { nowMs, firstExpiryMs }: Instants): LimitStanding {
  const { used, reserved, resetsAtMs, unpriced } = facts;
  const { amount } = limit;
  if (amount === null) {
    const endless = { room: Infinity, capacity: Infinity, remaining: null, percentUsed: null, state: "ok" } as const;
    const never = { countsAdmissions: false, mayFitAtMs: () => nowMs, waitsForHolds: () => false };
    return { limit, used, reserved, resetsAtMs, unpriced, ...endless, ...never };
  }
  const ceiling = amountWithGrace(amount, limit.graceFraction);
  const waitsForHolds = (added: number): boolean => unpriced === 0 && used + added <= ceiling;
  const inGraceTime = limit.graceSeconds > 0 && nowMs < (facts.crossedAtMs ?? nowMs) + limit.graceSeconds * 1000;
  return {
    limit,
    used,
    reserved,
    room: roomUnder(ceiling - used - reserved, inGraceTime, unpriced),
    capacity: limit.graceSeconds > 0 ? Infinity : ceiling,
    remaining: Math.max(0, amount - used - reserved),
    percentUsed: percentOf(used, amount),
    state: stateOf(limit, amount, used, inGraceTime || used < ceiling),
    unpriced,
    countsAdmissions: false,
    resetsAtMs,
    mayFitAtMs: (added) => (waitsForHolds(added) ? Math.min(firstExpiryMs ?? Infinity, resetsAtMs) : resetsAtMs),
    waitsForHolds,
  };
}

/** What was used is not known in full while any of it lacks a price: then nothing fits. */
function roomUnder(left: number, inGraceTime: boolean, unpriced: number): number {
  if (unpriced > 0) return -1;
  return inGraceTime ? Infinity : left;
}

/** Whether admitting so much more is past the amount, from where a limit's grace time runs. */
export function isPastAmount({ limit, used, reserved }: LimitStanding, added: number): boolean {
  return limit.amount !== null && used + reserved + added > limit.amount;
}

/** Of an amount, to one decimal. */
export function percentOf(used: number, amount: number): number {
  return amount === 0 ? 100 : Math.round((used * 1000) / amount) / 10;
}

/** Whether so much of the amount is used that it is warned of. In thousandths, because 0.55 * 100 is more than 55. */
export function isWarnedOf(used: number, amount: number, warnAt: number): boolean {
  return used >= amount || used * 1000 >= amount * Math.round(warnAt * 1000);
}

/** floor(amount * (1 + fraction)), exactly: a fraction has three decimals, and an amount may need all 53 bits. */
export function amountWithGrace(amount: number, fraction: number): number {
  if (fraction === 0) return amount;
  const thousandths = BigInt(1000 + Math.round(fraction * 1000));
  const ceiling = (BigInt(amount) * thousandths) / 1000n;
  return Number(ceiling > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : ceiling);
}

function stateOf(limit: Limit, amount: number, used: number, admitsMore: boolean): LimitStanding["state"] {
  if (used >= amount && !admitsMore) return "exceeded";
  if (used > amount) return "grace";
  return isWarnedOf(used, amount, limit.warnAt) ? "warning" : "ok";
}
