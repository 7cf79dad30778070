import type { LimitDefinition } from "#database/plans/catalogue";
import type { Work } from "#database/replay/work";
import { QuotaReplay } from "./quota-replay.ts";
import type { RateReplay } from "./rate-replay.ts";

/** What one limit would have denied. */
export interface LimitDenials {
  readonly limit: LimitDefinition;
  readonly firstDeniedAtMs: number;
  /** An hour, where the events of the first denial are gone: it came at some instant within it. */
  readonly firstDeniedResolution: Work["resolution"];
  readonly deniedRequests: number;
  readonly deniedHours: number;
  /** What the denied work had asked for; of hours, what did not fit. */
  readonly deniedAmount: number;
  /** The most that was used in one period; null for a rate limit. */
  readonly highestUsed: number | null;
}

/** Counts what is denied, by one limit or by any. */
export class Denials {
  readonly #replay: QuotaReplay | RateReplay | null;
  #first: Work | null = null;
  #amount = 0;
  deniedRequests = 0;
  deniedHours = 0;

  /** @param replay the limit; null = any */
  constructor(replay: QuotaReplay | RateReplay | null) {
    this.#replay = replay;
  }

  get firstDeniedAtMs(): number | null {
    return this.#first?.atMs ?? null;
  }

  note(work: Work, amount: number): void {
    this.#first ??= work;
    this.#amount += amount;
    if (work.resolution === "event") this.deniedRequests += 1;
    else this.deniedHours += 1;
  }

  /** Null where nothing was denied, or it is not those of one limit. */
  ofLimit(): LimitDenials | null {
    if (this.#first === null || this.#replay === null) return null;
    return {
      limit: this.#replay.limit,
      firstDeniedAtMs: this.#first.atMs,
      firstDeniedResolution: this.#first.resolution,
      deniedRequests: this.deniedRequests,
      deniedHours: this.deniedHours,
      deniedAmount: this.#amount,
      highestUsed: this.#replay instanceof QuotaReplay ? this.#replay.highestUsed : null,
    };
  }
}
