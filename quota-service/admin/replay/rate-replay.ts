import type { LimitDefinition } from "#database/plans/catalogue";

/** A window counts what was admitted in its newest sub-bucket and so many before it (design: 60 to a window). */
const SUB_BUCKETS = 60;
export const WINDOW_MS: Readonly<Record<string, number>> = { second: 1_000, minute: 60_000, hour: 3_600_000 };

/** One rate limit as work passes it, in the order of its instants: at most amount + burst in any window. Pure. */
export class RateReplay {
  readonly limit: LimitDefinition;
  readonly #subBucketMs: number;
  /** What was admitted lately, by sub-bucket, the oldest first. */
  #admitted: { readonly bucket: number; readonly amount: number }[] = [];

  constructor(limit: LimitDefinition, windowMs: number) {
    this.limit = limit;
    this.#subBucketMs = windowMs / SUB_BUCKETS;
  }

  /** How much more fits in the window that ends now. */
  roomAt(atMs: number): number {
    if (this.limit.amount === null) return Infinity;
    const oldest = this.#bucketAt(atMs) - SUB_BUCKETS;
    this.#admitted = this.#admitted.filter(({ bucket }) => bucket >= oldest);
    const counted = this.#admitted.reduce((sum, { amount }) => sum + amount, 0);
    return this.limit.amount + this.limit.burst - counted;
  }

  admit(amount: number, atMs: number): void {
    const bucket = this.#bucketAt(atMs);
    const newest = this.#admitted.at(-1);
    if (newest?.bucket !== bucket) this.#admitted.push({ bucket, amount });
    else this.#admitted[this.#admitted.length - 1] = { bucket, amount: newest.amount + amount };
  }

  #bucketAt(atMs: number): number {
    return Math.floor(atMs / this.#subBucketMs);
  }
}
