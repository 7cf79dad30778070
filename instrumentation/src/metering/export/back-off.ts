/** How long to rest after a refusal: exponential with jitter, and no last attempt. */
export class BackOff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #attempt = 0;

  constructor(minMs: number, maxMs: number) {
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** Milliseconds to rest. A Retry-After is obeyed whatever its size; one of 0 is no invitation to hammer. */
  next(afterMs: number | null): number {
    const ceilingMs = Math.min(this.#maxMs, this.#minMs * 2 ** this.#attempt);
    this.#attempt = Math.min(this.#attempt + 1, 30);
    return Math.max(afterMs ?? 0, ceilingMs * (0.5 + Math.random() / 2));
  }

  reset(): void {
    this.#attempt = 0;
  }
}
