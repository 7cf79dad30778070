import type { Period } from "#database/periods/period";
import type { LimitDefinition } from "#database/plans/catalogue";
import { amountWithGrace } from "../../decisions/verdict/quota-standing.ts";

/** One limit over an accounting period as work passes it, in the order of its instants. Pure. */
export class QuotaReplay {
  readonly limit: LimitDefinition;
  readonly #periodAt: (atMs: number) => Period;
  #period: Period;
  /** What would have been admitted in the period. */
  #used: number;
  /** What was used in the period, whoever would have been denied. */
  #recorded: number;
  #crossedAtMs: number | null = null;
  #highestUsed = 0;

  /** @param usedBefore what had been used before `fromMs` in the period that holds it */
  constructor(limit: LimitDefinition, periodAt: (atMs: number) => Period, fromMs: number, usedBefore: number) {
    this.limit = limit;
    this.#periodAt = periodAt;
    this.#period = periodAt(fromMs);
    this.#used = usedBefore;
    this.#recorded = usedBefore;
  }

  /** How much more fits; negative where the limit has been passed. Unlimited while its grace time runs. */
  roomAt(atMs: number): number {
    this.#turnTo(atMs);
    const { amount, graceFraction, graceSeconds } = this.limit;
    if (amount === null) return Infinity;
    const graceEndsMs = (this.#crossedAtMs ?? Infinity) + graceSeconds * 1000;
    if (graceSeconds > 0 && atMs < graceEndsMs) return Infinity;
    return amountWithGrace(amount, graceFraction) - this.#used;
  }

  admit(amount: number, atMs: number): void {
    this.#turnTo(atMs);
    this.#used += amount;
    if (this.limit.amount !== null && this.#used > this.limit.amount) this.#crossedAtMs ??= atMs;
  }

  /** Notes what was used, admitted or not. */
  record(amount: number, atMs: number): void {
    this.#turnTo(atMs);
    this.#recorded += amount;
    this.#highestUsed = Math.max(this.#highestUsed, this.#recorded);
  }

  /** The most that was used in one period: a limit of so much would have denied nothing. */
  get highestUsed(): number {
    return this.#highestUsed;
  }

  #turnTo(atMs: number): void {
    if (atMs < this.#period.endMs) return;
    this.#period = this.#periodAt(atMs);
    this.#used = 0;
    this.#recorded = 0;
    this.#crossedAtMs = null;
  }
}
