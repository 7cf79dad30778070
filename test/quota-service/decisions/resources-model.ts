/**
 * Reservations of several resources at once as a sequential model: plain sums over plain lists, no SQL, no clock. `members`
 * is a level, every other resource is used up. (`reservation-model.ts` has one resource, and all that limits can do.)
 */

export const LEVEL = "members";

export interface Ask {
  readonly resource: string;
  readonly amount: number;
  readonly atLeast: number;
}

export interface Named {
  readonly resource: string;
  readonly amount: number;
}

interface Item {
  estimate: number;
  trueAmount: number;
  settled: number;
}

interface ModelReservation {
  phase: "early" | "open" | "closed" | "released" | "expired";
  readonly items: Map<string, Item>;
  /** The reserve that was admitted under the id. */
  requested: string | null;
  /** Whether the level has been sampled since it was closed: then the sample shows what it held. */
  isSampled: boolean;
}

type Reserved =
  | { readonly kind: "reserved"; readonly granted: readonly number[] }
  | { readonly kind: "repeated" | "denied" | "conflict" | "ended" };

export class ResourcesModel {
  readonly #limits: ReadonlyMap<string, number | null>;
  readonly #used = new Map<string, number>();
  readonly #reservations = new Map<string, ModelReservation>();

  /** @param limits one on each resource; null = unlimited */
  constructor(limits: ReadonlyMap<string, number | null>) {
    this.#limits = limits;
  }

  used(resource: string): number {
    return this.#used.get(resource) ?? 0;
  }

  reserved(resource: string): number {
    return [...this.#reservations.values()].reduce((sum, it) => {
      const isOver = resource === LEVEL && it.phase === "closed" && it.isSampled;
      return isOver ? sum : sum + heldBy(it, resource);
    }, 0);
  }

  /** All resources or none, each with what fits and at least what is acceptable. */
  reserve(id: string, asks: readonly Ask[]): Reserved {
    const known = this.#reservations.get(id);
    const requested = JSON.stringify(asks);
    if (known && known.requested !== null) return { kind: known.requested === requested ? "repeated" : "conflict" };
    if (known && known.phase !== "early") return { kind: "ended" };
    const granted = asks.map((ask) => this.#grant(ask, known?.items.get(ask.resource)?.settled ?? 0));
    if (granted.includes(null)) return { kind: "denied" };
    const reservation = this.#touch(id);
    reservation.phase = "open";
    reservation.requested = requested;
    asks.forEach(({ resource }, n) => (itemOf(reservation, resource).estimate = granted[n]!));
    return { kind: "reserved", granted: granted.map((amount) => amount!) };
  }

  use(id: string | null, amounts: readonly Named[]): void {
    for (const { resource, amount } of amounts) {
      this.#used.set(resource, this.used(resource) + amount);
      if (id !== null) itemOf(this.#touch(id), resource).settled += amount;
    }
  }

  /** Whether it is closed at these amounts now; what is not named is closed at what has been settled. */
  close(id: string, amounts: readonly Named[]): boolean {
    const it = this.#touch(id);
    if (it.phase === "closed")
      return amounts.every(({ resource, amount }) => it.items.get(resource)?.trueAmount === amount);
    if (it.phase !== "open" && it.phase !== "early") return false;
    for (const { resource } of amounts) itemOf(it, resource);
    for (const [resource, item] of it.items)
      item.trueAmount = amounts.find((named) => named.resource === resource)?.amount ?? item.settled;
    it.phase = "closed";
    return true;
  }

  release(id: string): void {
    const it = this.#touch(id);
    if (it.phase === "open" || it.phase === "early") it.phase = "released";
  }

  /** Time runs out for whatever holds something, or could. */
  expire(id: string): void {
    const it = this.#reservations.get(id);
    if (!it) return;
    const waits = it.phase === "closed" && [...it.items.keys()].some((resource) => heldBy(it, resource) > 0);
    if (it.phase === "open" || waits) it.phase = "expired";
  }

  sample(value: number): void {
    this.#used.set(LEVEL, value);
    for (const it of this.#reservations.values()) if (it.phase === "closed") it.isSampled = true;
  }

  /** Null where even the smallest does not fit. What spans have brought ahead needs no room. */
  #grant({ resource, amount, atLeast }: Ask, settled: number): number | null {
    const room = (this.#limits.get(resource) ?? Infinity) - this.used(resource) - this.reserved(resource);
    const granted = Math.min(amount, room + settled);
    return room >= 0 && granted >= atLeast ? granted : null;
  }

  #touch(id: string): ModelReservation {
    const it = this.#reservations.get(id) ?? { phase: "early", items: new Map(), requested: null, isSampled: false };
    this.#reservations.set(id, it);
    return it;
  }
}

function itemOf({ items }: ModelReservation, resource: string): Item {
  const item = items.get(resource) ?? { estimate: 0, trueAmount: 0, settled: 0 };
  items.set(resource, item);
  return item;
}

function heldBy({ phase, items }: ModelReservation, resource: string): number {
  const item = items.get(resource);
  if (item === undefined || (phase !== "open" && phase !== "closed")) return 0;
  return Math.max(0, (phase === "open" ? item.estimate : item.trueAmount) - item.settled);
}
