import { leaseOffer } from "./model-limit.ts";
import type { ModelLimit, ModelPeriod } from "./model-limit.ts";

/**
 * The reservation protocol and the limits as a sequential model: plain sums over plain lists, no SQL, no clock. Time is
 * what the steps of a test make of it: periods turn, reservations run out, grace ends and rate windows empty by call.
 */

type Phase = "early" | "open" | "closed" | "released" | "expired" | "kept";
interface ModelReservation {
  phase: Phase;
  estimate: number;
  trueAmount: number;
  settled: number;
  /** Its time has run out, whether or not a sweep has seen it. */
  due: boolean;
  /** Whether it goes on holding then. */
  keep: boolean;
  /** Whether a reserve has been decided under this id. */
  reserved: boolean;
  requested: string;
  /** Number of the day (and month) that admitted it; until then, of the one in which it was first named. */
  turn: number;
}

export type Expected =
  "reserved" | "repeated" | "denied" | "refused" | "conflict" | "ended" | "changed" | "released" | "not_found";
type Answer = { readonly kind: Expected; readonly granted: number };

export class ReservationModel {
  plan: readonly ModelLimit[];
  /** By making, the one made last at the end. */
  readonly overrides: ModelLimit[] = [];
  readonly reservations = new Map<string, ModelReservation>();
  /** Usage by day; months turn with days here. */
  readonly #used = [0];
  readonly #counted = new Set<string>();
  /** What reservations have taken of the rate window. */
  #admitted = 0;
  /** Periods in which something past the amount was admitted, and whether their grace time is over. */
  readonly #crossed = new Map<string, { over: boolean }>();

  constructor(plan: readonly ModelLimit[]) {
    this.plan = plan;
  }

  /** For each period the override made last, else the plan's limit. */
  get limits(): ModelLimit[] {
    const periods = [...new Set([...this.plan, ...this.overrides].map(({ period }) => period))].sort();
    return periods.map(
      (period) =>
        this.overrides.findLast((it) => it.period === period) ?? this.plan.find((it) => it.period === period)!,
    );
  }

  used(period: ModelPeriod): number {
    if (period === "hour") return this.#admitted;
    return period === "lifetime" ? this.#used.reduce((sum, it) => sum + it, 0) : this.#used.at(-1)!;
  }

  reserved(period: ModelPeriod): number {
    if (period === "hour") return 0;
    return [...this.reservations.values()].reduce(
      (sum, it) => (period === "lifetime" || it.turn === this.#turn ? sum + this.#heldBy(it) : sum),
      0,
    );
  }

  state(limit: ModelLimit): "ok" | "warning" | "grace" | "exceeded" {
    const used = this.used(limit.period);
    if (limit.amount === null) return "ok";
    const most = this.#most(limit) ?? limit.amount;
    if (used >= limit.amount && used >= most && !this.#inGraceTime(limit)) return "exceeded";
    if (limit.period !== "hour" && used > limit.amount) return "grace";
    return used >= limit.amount * 0.8 ? "warning" : "ok";
  }

  reserve(id: string, amount: number, atLeast: number, keep: boolean): Answer {
    return this.#hold(id, `${amount} ${atLeast} ${keep}`, keep, "denied", (settled) =>
      this.#grant(amount, atLeast, settled),
    );
  }

  lease(id: string, wanted: number): Answer {
    const taken = ({ period }: ModelLimit): number => this.used(period) + this.reserved(period);
    return this.#hold(id, `lease ${wanted}`, true, "refused", () => leaseOffer(wanted, this.limits, taken));
  }

  #hold(
    id: string,
    requested: string,
    keep: boolean,
    otherwise: Expected,
    grant: (settled: number) => number | null,
  ): Answer {
    const known = this.reservations.get(id);
    if (known && !known.reserved && known.phase !== "early") return { kind: "ended", granted: 0 };
    if (known?.reserved) return { kind: known.requested === requested ? "repeated" : "conflict", granted: 0 };
    const settled = known?.settled ?? 0;
    const granted = grant(settled);
    if (granted === null) return { kind: otherwise, granted: 0 };
    this.#admit(granted, Math.max(0, granted - settled));
    const due = { due: false, keep, reserved: true, requested, turn: this.#turn };
    this.reservations.set(id, { phase: "open", estimate: granted, trueAmount: 0, settled, ...due });
    return { kind: "reserved", granted };
  }

  span(identity: string, id: string | null, amount: number): void {
    if (this.#counted.has(identity)) return;
    this.#counted.add(identity);
    // Usage under a reservation is accounted where it was admitted, other usage where it happened.
    const admitted = id === null ? undefined : this.reservations.get(id);
    this.#used[admitted?.reserved === true ? admitted.turn : this.#turn]! += amount;
    if (id !== null) this.#touch(id).settled += amount;
  }

  close(id: string, amount: number): Expected {
    const it = this.#touch(id);
    if (it.phase === "closed") return it.trueAmount === amount ? "changed" : "ended";
    if (it.phase === "released" || it.phase === "expired" || (it.due && !isKept(it))) return "ended";
    it.phase = "closed";
    it.due = false;
    it.trueAmount = amount;
    return "changed";
  }

  extend(id: string, amount: number): Expected {
    const it = this.reservations.get(id);
    if (!it) return "not_found";
    if (it.phase !== "open" || it.due) return "ended";
    const added = Math.max(0, it.estimate + amount - it.settled) - this.#heldBy(it);
    if (this.#grant(amount, amount, amount - added) === null) return "denied";
    this.#admit(amount, added);
    it.estimate += amount;
    return "changed";
  }

  release(id: string): void {
    const it = this.#touch(id);
    if (it.phase === "early" || (it.phase === "open" && !it.due) || isKept(it)) it.phase = "released";
  }

  /** Its time runs out; only what holds something has a time. */
  runOut(id: string): boolean {
    const it = this.reservations.get(id);
    if (!it || (it.phase !== "open" && it.phase !== "closed") || it.due) return false;
    if (it.phase === "closed" && this.#heldBy(it) === 0) return false;
    it.due = true;
    return true;
  }

  sweep(): void {
    for (const it of this.reservations.values()) {
      if (it.due) it.phase = isKept(it) ? "kept" : "expired";
    }
  }

  /** A new day and month begin. */
  turn(): void {
    this.#used.push(0);
  }

  /** The grace time of everything crossed so far is over. */
  endGrace(): void {
    for (const crossing of this.#crossed.values()) crossing.over = true;
  }

  /** Everything slides out of the rate window. */
  emptyRateWindow(): void {
    this.#admitted = 0;
  }

  get #turn(): number {
    return this.#used.length - 1;
  }

  /** The largest grant, or null where even the smallest does not fit. `covered` is in `used` already. */
  #grant(amount: number, atLeast: number, covered: number): number | null {
    let granted = amount;
    for (const limit of this.limits.filter(({ enforcement }) => enforcement === "hard")) {
      const most = this.#most(limit);
      if (most === null || this.#inGraceTime(limit)) continue;
      const room = most - this.used(limit.period) - this.reserved(limit.period);
      if (room < 0) return null;
      granted = Math.min(granted, limit.period === "hour" ? room : room + covered);
    }
    return granted >= atLeast ? granted : null;
  }

  #admit(amount: number, added: number): void {
    for (const limit of this.limits) {
      if (limit.amount === null || limit.graceSeconds === 0 || limit.period === "hour") continue;
      const past = this.used(limit.period) + this.reserved(limit.period) + added > limit.amount;
      if (past && !this.#crossed.has(this.#crossingOf(limit)))
        this.#crossed.set(this.#crossingOf(limit), { over: false });
    }
    const rate = this.limits.find(({ period }) => period === "hour");
    if (rate && rate.amount !== null) this.#admitted += amount;
  }

  #most({ amount, graceFraction, burst, period }: ModelLimit): number | null {
    if (amount === null) return null;
    return period === "hour" ? amount + burst : amount + Math.floor(amount * graceFraction);
  }

  #inGraceTime(limit: ModelLimit): boolean {
    if (limit.graceSeconds === 0 || limit.period === "hour") return false;
    return this.#crossed.get(this.#crossingOf(limit))?.over !== true;
  }

  #crossingOf({ period }: ModelLimit): string {
    return period === "lifetime" ? period : `${period} ${this.#turn}`;
  }

  #heldBy(it: ModelReservation): number {
    if (it.due && !isKept(it)) return 0;
    if (it.phase === "open" || it.phase === "kept") return Math.max(0, it.estimate - it.settled);
    if (it.phase === "closed") return Math.max(0, it.trueAmount - it.settled);
    return 0;
  }

  #touch(id: string): ModelReservation {
    let it = this.reservations.get(id);
    if (!it) {
      const nothing = {
        estimate: 0,
        trueAmount: 0,
        settled: 0,
        due: false,
        keep: false,
        reserved: false,
        requested: "",
      };
      it = { phase: "early", ...nothing, turn: this.#turn };
      this.reservations.set(id, it);
    }
    return it;
  }
}

/** Its time has run out, and it holds all the same. */
function isKept({ phase, due, keep }: ModelReservation): boolean {
  return due && keep && (phase === "open" || phase === "kept");
}
