import { isRatePeriod } from "#database/limits/rate-window";
import { LIFETIME, accountingPeriods } from "#database/periods/period";
import type { CalendarVersion, Period } from "#database/periods/period";
import type { LimitDefinition } from "#database/plans/catalogue";
import type { UsageBefore } from "#database/replay/read-usage-before";
import type { Work } from "#database/replay/work";
import type { QuotaPeriod } from "../../decisions/limit.ts";
import { Denials } from "./denials.ts";
import type { LimitDenials } from "./denials.ts";
import { QuotaReplay } from "./quota-replay.ts";
import { RateReplay } from "./rate-replay.ts";

/** A tenant that would have been denied something. Instants are Unix milliseconds. */
export interface TenantOutcome {
  /** From what its usage was replayed. */
  readonly resolution: "event" | "hour" | "mixed";
  readonly firstDeniedAtMs: number;
  /** Pieces of work that would have been denied, and hours (where events are gone) of which a part would have been. */
  readonly deniedRequests: number;
  readonly deniedHours: number;
  /** The limits that would have denied something. */
  readonly limits: readonly LimitDenials[];
}

interface Guard {
  readonly replay: QuotaReplay | RateReplay;
  readonly denials: Denials;
}

/**
 * Leads a tenant's recorded work through the limits of a plan, as if it had been asked for at the instant at which it is
 * accounted: what fits under every hard limit is admitted and counts, what does not is denied whole and counts nowhere
 * (I8, I9). Of an hour whose events are gone, as much as fits is admitted. Pure, and the same for the same work.
 */
export class TenantReplay {
  readonly #guards: readonly Guard[];
  readonly #all = new Denials(null);
  readonly #resolutions = new Set<Work["resolution"]>();

  /** @param before what had been used before `fromMs`; it counts as it was recorded */
  constructor(
    limits: readonly LimitDefinition[],
    calendar: readonly CalendarVersion[],
    fromMs: number,
    before: readonly UsageBefore[],
  ) {
    this.#guards = limits.filter(isReplayed).map((limit) => {
      const { period, resource } = limit;
      if (isRatePeriod(period)) return guard(new RateReplay(limit, period));
      const used = before.find((it) => it.resource === resource)?.[quotaPeriod(limit)] ?? 0;
      const periodAt = (atMs: number): Period =>
        period === "lifetime" ? LIFETIME : accountingPeriods(atMs, calendar)[period === "day" ? "day" : "month"];
      return guard(new QuotaReplay(limit, periodAt, fromMs, used));
    });
  }

  /** Work in the order of its instants. */
  take(work: Work): void {
    this.#resolutions.add(work.resolution);
    if (work.resolution === "event") this.#takeWhole(work);
    else this.#takeHour(work);
    for (const { replay } of this.#guards) {
      if (replay instanceof QuotaReplay) replay.record(askedOf(work, replay.limit), work.atMs);
    }
  }

  /** Whether any work was taken. */
  get isReplayed(): boolean {
    return this.#resolutions.size > 0;
  }

  /** Null where nothing would have been denied. */
  outcome(): TenantOutcome | null {
    const { firstDeniedAtMs, deniedRequests, deniedHours } = this.#all;
    if (firstDeniedAtMs === null) return null;
    const limits = this.#guards.flatMap(({ denials }) => denials.ofLimit() ?? []);
    const [resolution = "event", other] = this.#resolutions;
    return {
      resolution: other === undefined ? resolution : "mixed",
      firstDeniedAtMs,
      deniedRequests,
      deniedHours,
      limits,
    };
  }

  #takeWhole(work: Work): void {
    const { atMs } = work;
    const asked = this.#guards.filter(({ replay }) => work.amounts.has(replay.limit.resource));
    const denying = asked.filter(({ replay }) => askedOf(work, replay.limit) > replay.roomAt(atMs));
    for (const { denials, replay } of denying) denials.note(work, askedOf(work, replay.limit));
    if (denying.length > 0) this.#all.note(work, 0);
    else for (const { replay } of asked) replay.admit(askedOf(work, replay.limit), atMs);
  }

  #takeHour(work: Work): void {
    const { atMs } = work;
    let isDenied = false;
    for (const [resource, amount] of work.amounts) {
      // What happened within the hour is not known, so rate limits have nothing to say.
      const guards = this.#guards.filter(
        ({ replay }) => replay instanceof QuotaReplay && replay.limit.resource === resource,
      );
      const rooms = guards.map(({ replay }) => Math.max(0, replay.roomAt(atMs)));
      const admitted = Math.min(amount, ...rooms);
      for (const [index, { denials, replay }] of guards.entries()) {
        if (rooms[index]! < amount) denials.note(work, amount - rooms[index]!);
        if (admitted > 0) replay.admit(admitted, atMs);
      }
      isDenied ||= admitted < amount;
    }
    if (isDenied) this.#all.note(work, 0);
  }
}

function guard(replay: Guard["replay"]): Guard {
  return { replay, denials: new Denials(replay) };
}

/** Soft and shadow limits deny nothing; a level is what is held now, which usage events do not tell. */
export function isReplayed({ amount, enforcement, period }: LimitDefinition): boolean {
  return enforcement === "hard" && amount !== null && period !== "level";
}

function askedOf({ amounts }: Work, { resource }: LimitDefinition): number {
  return amounts.get(resource) ?? 0;
}

function quotaPeriod({ period }: LimitDefinition): QuotaPeriod {
  return period === "month" || period === "lifetime" ? period : "day";
}
