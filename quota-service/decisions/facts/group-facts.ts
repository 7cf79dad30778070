import type { Crossing, CrossingKey } from "#database/limits/crossings";
import { EMPTY_WINDOW, isRatePeriod, windowAt, withAdmitted } from "#database/limits/rate-window";
import type { RateWindow } from "#database/limits/rate-window";
import type { RateWindowKey } from "#database/limits/read-rate-windows";
import type { Tenant } from "#database/tenants/read-tenants";
import type { Standing } from "#database/totals/read-standings";
import { limitsOn } from "../limit.ts";
import type { Limit, QuotaPeriod } from "../limit.ts";
import type { LimitStanding } from "../verdict/limit-standing.ts";
import { quotaStanding } from "../verdict/quota-standing.ts";
import { rateStanding } from "../verdict/rate-standing.ts";
import { deniesUnpriced, needName, periodAt } from "./needs.ts";

const HELD_IN: readonly (QuotaPeriod | "level")[] = ["day", "month", "lifetime", "level"];
const NOTHING: Standing = { used: 0, reserved: 0 };

/** What has been read for a group, at one instant. */
export interface ReadFacts {
  readonly nowMs: number;
  /** The instant to which all telemetry is complete; null = unknown. */
  readonly telemetryMarkMs: number | null;
  /** Effective limits by tenant. */
  readonly limits: ReadonlyMap<string, readonly Limit[]>;
  /** Totals and levels by the name of their need. */
  readonly standings: ReadonlyMap<string, Standing>;
  readonly crossings: readonly Crossing[];
  readonly windows: readonly (RateWindowKey & { readonly window: RateWindow })[];
  /** Events without a price by the name of their need. */
  readonly unpriced: ReadonlyMap<string, number>;
}

/** What several decisions are made from: what was read, and what the group's earlier admissions have made of it. */
export class GroupFacts {
  readonly nowMs: number;
  readonly telemetryMarkMs: number | null;
  readonly #limits: ReadonlyMap<string, readonly Limit[]>;
  readonly #firstExpiryMs = new Map<string, number | null>();
  readonly #standings: Map<string, Standing>;
  readonly #crossedAtMs: Map<string, number>;
  readonly #crossings: Crossing[] = [];
  readonly #unpriced: ReadonlyMap<string, number>;
  readonly #windows: Map<string, RateWindow>;
  readonly #newWindows = new Map<string, RateWindowKey & { readonly window: RateWindow }>();

  constructor(read: ReadFacts) {
    this.nowMs = read.nowMs;
    this.telemetryMarkMs = read.telemetryMarkMs;
    this.#limits = read.limits;
    this.#standings = new Map(read.standings);
    this.#crossedAtMs = new Map(read.crossings.map((it) => [crossingName(it), it.crossedAtMs]));
    this.#unpriced = read.unpriced;
    this.#windows = new Map(read.windows.map((it) => [windowName(it), it.window]));
  }

  /** The effective limits on a resource, each as it stands now. */
  limitsOn({ tenantId, calendar }: Tenant, resource: string): LimitStanding[] {
    const ofTenant = this.#limits.get(tenantId) ?? [];
    const instants = { nowMs: this.nowMs, firstExpiryMs: this.#firstExpiryMs.get(tenantId) ?? null };
    return limitsOn(ofTenant, resource).map((limit) => {
      const { period } = limit;
      if (isRatePeriod(period)) return rateStanding(limit, period, this.#windowOf({ tenantId, resource, period }));
      const { startMs, endMs } = periodAt(calendar, period, this.nowMs);
      const { used, reserved } = this.#standingOf({ tenantId, resource, period, startMs });
      const crossedAtMs =
        limit.graceSeconds === 0
          ? null
          : (this.#crossedAtMs.get(crossingName({ tenantId, resource, period, startMs })) ?? null);
      const unpriced = deniesUnpriced(limit) ? this.#unpricedIn({ tenantId, resource, period, startMs }) : 0;
      return quotaStanding(limit, { used, reserved, resetsAtMs: endMs, crossedAtMs, unpriced }, instants);
    });
  }

  /** Whether it has been read when the tenant's first hold ends. */
  knowsFirstExpiry({ tenantId }: Tenant): boolean {
    return this.#firstExpiryMs.has(tenantId);
  }

  /** Unix milliseconds; null = it holds nothing. */
  learnFirstExpiry({ tenantId }: Tenant, firstExpiryMs: number | null): void {
    this.#firstExpiryMs.set(tenantId, firstExpiryMs);
  }

  /** All limits that hold for a tenant. */
  limitsOf({ tenantId }: Tenant): readonly Limit[] {
    return this.#limits.get(tenantId) ?? [];
  }

  /** What is used and held of a resource in the period of one of its limits. */
  standing({ tenantId, calendar }: Tenant, resource: string, period: QuotaPeriod): Standing {
    const { startMs } = periodAt(calendar, period, this.nowMs);
    return this.#standingOf({ tenantId, resource, period, startMs });
  }

  /** What was ever used and is held of a resource that nothing limits. */
  unlimited(tenant: Tenant, resource: string): Standing {
    return this.standing(tenant, resource, "lifetime");
  }

  /** Lets the requests that follow in the group see a hold. */
  hold({ tenantId, calendar }: Tenant, resource: string, amount: number): void {
    for (const period of HELD_IN) {
      const { startMs } = periodAt(calendar, period, this.nowMs);
      const name = standingName({ tenantId, resource, period, startMs });
      const standing = this.#standings.get(name);
      if (standing) this.#standings.set(name, { ...standing, reserved: standing.reserved + amount });
    }
  }

  /** Notes that something past a limit's amount has been admitted: its grace time runs from now. */
  cross({ tenantId, calendar }: Tenant, { resource, period }: Limit): void {
    if (isRatePeriod(period)) return;
    const of = { tenantId, resource, period, ...periodAt(calendar, period, this.nowMs) };
    const name = crossingName(of);
    if (this.#crossedAtMs.has(name)) return;
    this.#crossedAtMs.set(name, this.nowMs);
    this.#crossings.push({ tenantId, resource, period, startMs: of.startMs, crossedAtMs: this.nowMs });
  }

  /** Counts what has been admitted against the resource's rate limits. What has no limit is not counted. */
  consume({ tenantId }: Tenant, resource: string, amount: number): void {
    for (const { period, amount: most } of limitsOn(this.#limits.get(tenantId) ?? [], resource)) {
      if (!isRatePeriod(period) || most === null) continue;
      const key = { tenantId, resource, period };
      const window = withAdmitted(this.#windowOf(key), amount);
      this.#windows.set(windowName(key), window);
      this.#newWindows.set(windowName(key), { ...key, window });
    }
  }

  /** Windows that are not written yet. */
  newWindows(): readonly (RateWindowKey & { readonly window: RateWindow })[] {
    return [...this.#newWindows.values()];
  }

  /** Crossings that are not written yet. */
  newCrossings(): readonly Crossing[] {
    return this.#crossings;
  }

  #standingOf(of: StandingOf): Standing {
    return this.#standings.get(standingName(of)) ?? NOTHING;
  }

  /** 0 also where the limit does not ask. */
  #unpricedIn(of: StandingOf): number {
    return this.#unpriced.get(needName({ kind: "unpriced", ...of })) ?? 0;
  }

  #windowOf(key: RateWindowKey): RateWindow {
    return windowAt(this.#windows.get(windowName(key)) ?? EMPTY_WINDOW, key.period, this.nowMs);
  }
}

function windowName({ tenantId, resource, period }: RateWindowKey): string {
  return `${tenantId} ${resource} ${period}`;
}

function crossingName({ tenantId, resource, period, startMs }: CrossingKey): string {
  return `${tenantId} ${resource} ${period} ${startMs}`;
}

interface StandingOf {
  readonly tenantId: string;
  readonly resource: string;
  readonly period: QuotaPeriod | "level";
  readonly startMs: number;
}

function standingName({ tenantId, resource, period, startMs }: StandingOf): string {
  return needName({ kind: period === "level" ? "level" : "total", tenantId, resource, period, startMs });
}
