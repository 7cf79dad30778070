import type { QuotaItem } from "@quotel/conventions";

/**
 * What happens under one reservation: counts what is consumed and notices when all of it has ended. Ended = the response has
 * closed and every metered call begun under the id has finished, drains included; only then are the totals true.
 */
export class Work {
  readonly tenantId: string;
  readonly reservationId: string;
  readonly #onEnded: (totals: ReadonlyMap<string, number>) => void;
  readonly #totals = new Map<string, number>();
  #open = 1; // the response
  #ended = false;

  constructor(tenantId: string, reservationId: string, onEnded: (totals: ReadonlyMap<string, number>) => void) {
    this.tenantId = tenantId;
    this.reservationId = reservationId;
    this.#onEnded = onEnded;
  }

  /** A metered call starts. */
  begin(): void {
    this.#open += 1;
  }

  /** Adds to the true totals; the same amounts the collector reads from the event's span. */
  consumed(items: readonly QuotaItem[]): void {
    for (const { resource, amount } of items) this.#totals.set(resource, (this.#totals.get(resource) ?? 0) + amount);
  }

  /** A metered call, or the response, has ended. */
  end(): void {
    this.#open -= 1;
    if (this.#open > 0 || this.#ended) return;
    this.#ended = true; // work begun after the response is late: its spans are charged, the hold is already closed
    this.#onEnded(this.#totals);
  }
}
