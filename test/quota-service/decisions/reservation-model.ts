/** The reservation protocol as a sequential model: plain sums over plain lists, no periods, no SQL. */

type Phase = "early" | "open" | "closed" | "released" | "expired";

interface ModelReservation {
  phase: Phase;
  estimate: number;
  trueAmount: number;
  settled: number;
  /** Its time has run out, whether or not a sweep has seen it. */
  due: boolean;
  /** Whether a reserve has been decided under this id. */
  reserved: boolean;
  requested: string;
}

export type Expected = "reserved" | "repeated" | "denied" | "conflict" | "ended" | "changed" | "released" | "not_found";

export class ReservationModel {
  used = 0;
  limit: number;
  readonly reservations = new Map<string, ModelReservation>();
  readonly #counted = new Set<string>();

  constructor(limit: number) {
    this.limit = limit;
  }

  /** used + reserved is what the next decision starts from. */
  get reserved(): number {
    return [...this.reservations.values()].reduce((sum, it) => sum + this.#hold(it), 0);
  }

  reserve(id: string, amount: number, atLeast: number): { kind: Expected; granted: number } {
    const requested = `${amount} ${atLeast}`;
    const known = this.reservations.get(id);
    if (known && !known.reserved && known.phase !== "early") return { kind: "ended", granted: 0 };
    if (known?.reserved) {
      return known.requested === requested ? { kind: "repeated", granted: 0 } : { kind: "conflict", granted: 0 };
    }
    const settled = known?.settled ?? 0;
    const room = this.limit - this.used - this.reserved;
    const granted = Math.min(amount, room + settled);
    if (room < 0 || granted < atLeast) return { kind: "denied", granted: 0 };
    this.reservations.set(id, {
      phase: "open",
      estimate: granted,
      trueAmount: 0,
      settled,
      due: false,
      reserved: true,
      requested,
    });
    return { kind: "reserved", granted };
  }

  span(identity: string, id: string | null, amount: number): void {
    if (this.#counted.has(identity)) return;
    this.#counted.add(identity);
    this.used += amount;
    if (id !== null) this.#touch(id).settled += amount;
  }

  close(id: string, amount: number): Expected {
    const it = this.#touch(id);
    if (it.phase === "closed") return it.trueAmount === amount ? "changed" : "ended";
    if (it.phase === "released" || it.phase === "expired" || it.due) return "ended";
    it.phase = "closed";
    it.trueAmount = amount;
    return "changed";
  }

  extend(id: string, amount: number): Expected {
    const it = this.reservations.get(id);
    if (!it) return "not_found";
    if (it.phase !== "open" || it.due) return "ended";
    const before = this.#hold(it);
    const after = Math.max(0, it.estimate + amount - it.settled);
    if (this.used + this.reserved + (after - before) > this.limit) return "denied";
    it.estimate += amount;
    return "changed";
  }

  release(id: string): void {
    const it = this.#touch(id);
    if (it.phase === "early" || (it.phase === "open" && !it.due)) it.phase = "released";
  }

  /** Its time runs out; only what holds something has a time. */
  runOut(id: string): boolean {
    const it = this.reservations.get(id);
    if (!it || (it.phase !== "open" && it.phase !== "closed") || it.due) return false;
    if (it.phase === "closed" && this.#hold(it) === 0) return false;
    it.due = true;
    return true;
  }

  sweep(): void {
    for (const it of this.reservations.values()) if (it.due) it.phase = "expired";
  }

  #hold(it: ModelReservation): number {
    if (it.due) return 0;
    if (it.phase === "open") return Math.max(0, it.estimate - it.settled);
    if (it.phase === "closed") return Math.max(0, it.trueAmount - it.settled);
    return 0;
  }

  #touch(id: string): ModelReservation {
    let it = this.reservations.get(id);
    if (!it) {
      it = { phase: "early", estimate: 0, trueAmount: 0, settled: 0, due: false, reserved: false, requested: "" };
      this.reservations.set(id, it);
    }
    return it;
  }
}
