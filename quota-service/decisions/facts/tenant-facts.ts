import { EMPTY_WINDOW, isRatePeriod, windowAt, withAdmitted } from "#database/limits/rate-window";
import type { RatePeriod, RateWindow } from "#database/limits/rate-window";
import type { Standing } from "#database/totals/read-standings";
import { limitsOn } from "../limit.ts";
import type { Limit, QuotaPeriod } from "../limit.ts";
import type { LimitStanding } from "../verdict/limit-standing.ts";
import { quotaStanding } from "../verdict/quota-standing.ts";
import { rateStanding } from "../verdict/rate-standing.ts";
import { deniesUnpriced } from "./tenant-needs.ts";
import type { TenantPeriods } from "./tenant-needs.ts";

/** What has been read of one tenant, at one instant. */
export interface ReadOfTenant {
  readonly nowMs: number;
  /** The effective limits. */
  readonly limits: readonly Limit[];
  readonly periods: TenantPeriods;
  /** Used and held, by period and resource. */
  readonly standings: Readonly<Record<QuotaPeriod | "level", Map<string, Standing>>>;
  /** Unix milliseconds, by `limitName`; of limits with grace time whose amount has been passed in this period. */
  readonly crossedAtMs: Map<string, number>;
  /** By `limitName`; a rate limit that nothing was admitted under has none. */
  readonly windows: Map<string, RateWindow>;
  /** Events without a price by period, where it matters. */
  readonly unpriced: ReadonlyMap<QuotaPeriod, number>;
}

const NOTHING: Standing = { used: 0, reserved: 0 };

/** What one tenant's decisions are made from: what was read, and what the group's earlier admissions have made of it. */
export class TenantFacts {
  readonly nowMs: number;
  /** All limits that hold for the tenant. */
  readonly limits: readonly Limit[];
  readonly #read: ReadOfTenant;
  #firstExpiryMs: number | null | undefined;
  readonly #newCrossings = new Map<string, NewCrossing>();
  readonly #newWindows = new Map<string, NewWindow>();

  constructor(read: ReadOfTenant) {
    this.nowMs = read.nowMs;
    this.limits = read.limits;
    this.#read = read;
  }

  /** The effective limits on a resource, each as it stands now. */
  limitsOn(resource: string): LimitStanding[] {
    const { nowMs } = this;
    const { periods, crossedAtMs, unpriced } = this.#read;
    const instants = { nowMs, firstExpiryMs: this.#firstExpiryMs ?? null };
    return limitsOn(this.limits, resource).map((limit) => {
      const { period } = limit;
      if (isRatePeriod(period)) return rateStanding(limit, period, this.#windowOf(resource, period));
      const { used, reserved } = this.standing(resource, period);
      const facts = {
        used,
        reserved,
        resetsAtMs: periods[period].endMs,
        crossedAtMs: limit.graceSeconds === 0 ? null : (crossedAtMs.get(limitName(resource, period)) ?? null),
        unpriced: period !== "level" && deniesUnpriced(limit) ? (unpriced.get(period) ?? 0) : 0,
      };
      return quotaStanding(limit, facts, instants);
    });
  }

  /** What is used and held of a resource in a period that one of its limits asks for. */
  standing(resource: string, period: QuotaPeriod | "level"): Standing {
    return this.#read.standings[period].get(resource) ?? NOTHING;
  }

  /** What was ever used and is held of a resource that nothing limits. */
  unlimited(resource: string): Standing {
    return this.standing(resource, "lifetime");
  }

  /** Whether it has been read when the first hold ends. */
  get knowsFirstExpiry(): boolean {
    return this.#firstExpiryMs !== undefined;
  }

  /** Unix milliseconds; null = the tenant holds nothing. */
  learnFirstExpiry(firstExpiryMs: number | null): void {
    this.#firstExpiryMs = firstExpiryMs;
  }

  /** Lets the requests that follow in the group see a hold. */
  hold(resource: string, amount: number): void {
    for (const standings of Object.values(this.#read.standings)) {
      const standing = standings.get(resource);
      if (standing) standings.set(resource, { ...standing, reserved: standing.reserved + amount });
    }
  }

  /** Notes that something past a limit's amount has been admitted: its grace time runs from now. */
  cross({ resource, period }: Limit): void {
    if (isRatePeriod(period)) return;
    const { crossedAtMs, periods } = this.#read;
    const name = limitName(resource, period);
    if (crossedAtMs.has(name)) return;
    crossedAtMs.set(name, this.nowMs);
    this.#newCrossings.set(name, {
      resource,
      period,
      startMs: periods[period].startMs,
      crossedAtMs: this.nowMs,
    });
  }

  /** Counts what has been admitted against the resource's rate limits. What has no limit is not counted. */
  consume(resource: string, amount: number): void {
    for (const { period, amount: most } of limitsOn(this.limits, resource)) {
      if (!isRatePeriod(period) || most === null) continue;
      const window = withAdmitted(this.#windowOf(resource, period), amount);
      const name = limitName(resource, period);
      this.#read.windows.set(name, window);
      this.#newWindows.set(name, { resource, period, window });
    }
  }

  /** Windows that are not written yet. */
  newWindows(): Iterable<NewWindow> {
    return this.#newWindows.values();
  }

  /** Crossings that are not written yet. */
  newCrossings(): Iterable<NewCrossing> {
    return this.#newCrossings.values();
  }

  #windowOf(resource: string, period: RatePeriod): RateWindow {
    return windowAt(this.#read.windows.get(limitName(resource, period)) ?? EMPTY_WINDOW, period, this.nowMs);
  }
}

interface NewWindow {
  readonly resource: string;
  readonly period: RatePeriod;
  readonly window: RateWindow;
}

interface NewCrossing {
  readonly resource: string;
  readonly period: QuotaPeriod | "level";
  readonly startMs: number;
  readonly crossedAtMs: number;
}

/** A tenant has one limit on a resource and period. */
export function limitName(resource: string, period: Limit["period"]): string {
  return `${resource} ${period}`;
}
