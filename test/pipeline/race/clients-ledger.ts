import { deepEqual, ok } from "node:assert/strict";

/**
 * What the clients of a race know of a tenant's resource, from their own requests and answers alone: at any moment at
 * least `least` and at most `most` is used or held. In between is what is being asked for or given back right now.
 */
interface Known {
  least: number;
  most: number;
  /** How much `most` has risen, and `least` fallen, ever: what may have happened while an answer was on its way. */
  risen: number;
  fallen: number;
}

/** The clients' side of the books. All of a race must lie within one day. */
export class ClientsLedger {
  readonly #known = new Map<string, Known>();
  readonly #usedUp = new Map<string, number>();

  /** Before an amount is asked for. */
  asking(tenant: string, resource: string, amount: number): void {
    const known = this.#of(tenant, resource);
    known.most += amount;
    known.risen += amount;
  }

  /** After the answer: `granted` of the amount is held. Admissions alone must never add up to more than `limit`. */
  answered(tenant: string, resource: string, amount: number, granted: number, limit: number): void {
    const known = this.#of(tenant, resource);
    known.most -= amount - granted;
    known.least += granted;
    ok(known.least <= limit, `the clients of ${tenant} hold ${known.least} ${resource}`);
  }

  /** Before an amount is given back, or left to expire. */
  givingBack(tenant: string, resource: string, amount: number): void {
    const known = this.#of(tenant, resource);
    known.least -= amount;
    known.fallen += amount;
  }

  /** After it is known to be free again. */
  free(tenant: string, resource: string, amount: number): void {
    this.#of(tenant, resource).most -= amount;
  }

  /**
   * Begins to watch what the answer to a request may say. The function it returns takes what the answer says was used and
   * held beside the `asked` amount itself: it has to be what may have been there at a moment between the two calls.
   */
  watch(tenant: string, resource: string, asked: number): (taken: number) => void {
    const known = this.#of(tenant, resource);
    const { least, risen, fallen } = known;
    const most = known.most - asked;
    return (taken) => {
      const [min, max] = [least - (known.fallen - fallen), most + (known.risen - risen)];
      ok(min <= taken && taken <= max, `of ${tenant} ${taken} ${resource} are taken, not ${min} to ${max}`);
    };
  }

  /** Whether one more token of the tenant may be used up for good; if so, it counts as used up from now on. */
  useUp(tenant: string, max: number): boolean {
    const usedUp = this.#usedUp.get(tenant) ?? 0;
    if (usedUp < max) this.#usedUp.set(tenant, usedUp + 1);
    return usedUp < max;
  }

  /** What is used or held, where nothing is on its way. */
  settled(tenant: string, resource: string): number {
    const { least, most } = this.#of(tenant, resource);
    deepEqual({ tenant, resource, least }, { tenant, resource, least: most });
    return least;
  }

  #of(tenant: string, resource: string): Known {
    const key = `${tenant} ${resource}`;
    const known = this.#known.get(key) ?? { least: 0, most: 0, risen: 0, fallen: 0 };
    this.#known.set(key, known);
    return known;
  }
}
