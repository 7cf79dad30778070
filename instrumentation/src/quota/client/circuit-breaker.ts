/** Failures in a row after which nobody is asked any more. */
const FAILURES_MAX = 5;
/** How long nobody is asked, before one request tries. */
const OPEN_MS = 2_000;

/**
 * Keeps requests from waiting for a service that gives no answers: open after five failures in a row, then one probe at a
 * time, each two seconds after the last failure, until one is answered. Times are of a monotonic clock, in milliseconds.
 */
export class CircuitBreaker {
  #failures = 0;
  #probeFromMs = 0;
  #isProbing = false;

  /** Whether a request may be sent now. Of one that may, `answered` or `failed` has to be told. */
  admits(nowMs: number): boolean {
    if (this.#failures < FAILURES_MAX) return true;
    if (this.#isProbing || nowMs < this.#probeFromMs) return false;
    this.#isProbing = true;
    return true;
  }

  answered(): void {
    this.#failures = 0;
    this.#isProbing = false;
  }

  failed(nowMs: number): void {
    this.#failures += 1;
    this.#isProbing = false;
    this.#probeFromMs = nowMs + OPEN_MS;
  }
}
