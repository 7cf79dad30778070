import { EMPTY_WINDOW, usedIn, windowAt, withAdmitted } from "#database/limits/rate-window";
import type { RatePeriod } from "#database/limits/rate-window";
import type { LimitDefinition } from "#database/plans/catalogue";

/** One rate limit as work passes it, in the order of its instants: at most amount + burst in any window. Pure. */
export class RateReplay {
  readonly limit: LimitDefinition;
  readonly #period: RatePeriod;
  /** It begins empty. */
  #window = EMPTY_WINDOW;

  constructor(limit: LimitDefinition, period: RatePeriod) {
    this.limit = limit;
    this.#period = period;
  }

  /** How much more fits in the window that ends now. */
  roomAt(atMs: number): number {
    if (this.limit.amount === null) return Infinity;
    this.#window = windowAt(this.#window, this.#period, atMs);
    return this.limit.amount + this.limit.burst - usedIn(this.#window);
  }

  admit(amount: number, atMs: number): void {
    this.#window = withAdmitted(windowAt(this.#window, this.#period, atMs), amount);
  }
}
