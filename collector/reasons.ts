import type { Counters } from "./observe/counters.ts";

/** Why items of one request were not taken, and how many; reasons are stable snake_case words. */
export class Reasons {
  readonly #counts = new Map<string, number>();

  add(reason: string, count = 1): void {
    if (count > 0) this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + count);
  }

  addAll(others: Reasons): void {
    for (const [reason, count] of others.#counts) this.add(reason, count);
  }

  total(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** For the sender's log: `rejected spans: no_end_time (2)`; empty when there are none. */
  said(what: string): string {
    const reasons = [...this.#counts].map(([reason, count]) => `${reason} (${count})`);
    return reasons.length === 0 ? "" : `${what}: ${reasons.join(", ")}`;
  }

  /** Adds the counts under `<name>.<reason>`. */
  countAs(counters: Counters, name: string): void {
    for (const [reason, count] of this.#counts) counters.add(`${name}.${reason}`, count);
  }
}
