import type { QuotaItem } from "@quotel/conventions";

import type { Admission } from "./admission.ts";

/** What the service has leased, on this process's monotonic clock (`performance.now()`). */
export interface LeaseTerms {
  readonly reservationId: string;
  readonly granted: readonly QuotaItem[];
  /** When it was asked for: its life is counted from before the service's answer, so it ends here before it ends there. */
  readonly askedAtMs: number;
  readonly lifeMs: number;
}

/** Closes the lease's reservation at what was really used; resolves when the service has been told. */
export type CloseLease = (used: ReadonlyMap<string, number>) => Promise<void>;

/** The last fifth of its life is left to clocks and to work on its way. */
const SPEND_SHARE = 0.8;
/** Early enough that the next one is there when this one may not be spent any more. */
const RENEW_SHARE = 0.7;
const LOW_SHARE = 0.25;

/**
 * One lease: gives out what was granted until its time to be spent is over, counts what the work under it really used,
 * and is closed at that once it has been ended and the last piece of work has.
 */
export class Lease {
  readonly reservationId: string;
  readonly askedAtMs: number;
  readonly spendUntilMs: number;
  readonly renewAtMs: number;
  /** Less than a quarter of a resource is left. */
  isLow = false;
  readonly #resources: readonly string[];
  readonly #granted: readonly number[];
  readonly #left: number[];
  readonly #used = new Map<string, number>();
  readonly #close: CloseLease;
  #running = 0;
  #isEnded = false;

  constructor(terms: LeaseTerms, close: CloseLease) {
    this.reservationId = terms.reservationId;
    this.askedAtMs = terms.askedAtMs;
    this.spendUntilMs = terms.askedAtMs + terms.lifeMs * SPEND_SHARE;
    this.renewAtMs = terms.askedAtMs + terms.lifeMs * RENEW_SHARE;
    this.#resources = terms.granted.map(({ resource }) => resource);
    this.#granted = terms.granted.map(({ amount }) => amount);
    this.#left = [...this.#granted];
    this.#close = close;
  }

  /** Admits work if every resource has that much left; all or nothing. */
  take(items: readonly QuotaItem[], nowMs: number): Admission | undefined {
    if (this.#isEnded || nowMs >= this.spendUntilMs) return undefined;
    for (let index = 0; index < items.length; index += 1) {
      if (this.#spend(items[index]!, index)) continue;
      for (let taken = 0; taken < index; taken += 1)
        this.#left[this.#slotOf(items[taken]!, taken)]! += items[taken]!.amount;
      return undefined;
    }
    this.#running += 1;
    return new LeasedWork(this);
  }

  /** What was granted and spent of a resource. */
  spending(resource: string): { readonly granted: number; readonly spent: number } {
    const slot = this.#resources.indexOf(resource);
    const granted = this.#granted[slot] ?? 0;
    return { granted, spent: granted - (this.#left[slot] ?? 0) };
  }

  /** No more work begins under it. Null where some is still running: the last of it closes the lease. */
  end(): Promise<void> | null {
    if (this.#isEnded) return null;
    this.#isEnded = true;
    return this.#running === 0 ? this.#close(this.#used) : null;
  }

  /** A piece of work has ended. */
  workEnded(used: readonly QuotaItem[]): void {
    for (const { resource, amount } of used) this.#used.set(resource, (this.#used.get(resource) ?? 0) + amount);
    this.#running -= 1;
    if (this.#isEnded && this.#running === 0) void this.#close(this.#used);
  }

  #spend(item: QuotaItem, index: number): boolean {
    const slot = this.#slotOf(item, index);
    const left = this.#left[slot];
    // What is no amount is left to the service to refuse.
    if (left === undefined || !Number.isSafeInteger(item.amount) || item.amount < 0 || item.amount > left) return false;
    this.#left[slot] = left - item.amount;
    if (left - item.amount < this.#granted[slot]! * LOW_SHARE) this.isLow = true;
    return true;
  }

  /** Callers mostly name resources in one order. */
  #slotOf({ resource }: QuotaItem, index: number): number {
    return this.#resources[index] === resource ? index : this.#resources.indexOf(resource);
  }
}

class LeasedWork implements Admission {
  readonly allowed = true;
  #lease: Lease | null;
  readonly reservationId: string;

  constructor(lease: Lease) {
    this.#lease = lease;
    this.reservationId = lease.reservationId;
  }

  settle(used: readonly QuotaItem[]): void {
    const lease = this.#lease;
    this.#lease = null;
    lease?.workEnded(used);
  }
}
